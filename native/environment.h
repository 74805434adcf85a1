// The one table this addon keeps: which descriptors this JavaScript environment (the main thread
// or one worker) owns. A terminated worker runs no more JavaScript, so its cleanup hook closes
// them here. There is one Environment per environment, in its instance data; nothing is static.
#pragma once

#include <napi.h>

#include <vector>

#include "unique_fd.h"

struct HostAttachment;

class Environment {
 public:
  static void Create(napi_env env);
  static Environment& Of(napi_env env);

  // Takes the descriptor into the table and returns its number for JavaScript.
  int Own(UniqueFd fd);
  void Adopt(int fd);
  // True if the descriptor was owned; it no longer is.
  bool Disown(int fd);

  // The attachments to this environment's loop that are not closed, see host_attachment.cc.
  std::vector<HostAttachment*> attachments;

 private:
  static void CloseAll(void* environment);

  std::vector<bool> owned_;  // indexed by descriptor number
};
