#include "environment.h"

#include <memory>

void Environment::Create(napi_env env) {
  auto created = std::make_unique<Environment>();
  // Hooks run last in, first out: this one, added at load time, runs after the hooks that close
  // libuv's handles, so no handle ever polls a number that was closed here.
  napi_add_env_cleanup_hook(env, CloseAll, created.get());
  const auto destroy = [](napi_env, void* data, void*) {
    const std::unique_ptr<Environment> owner(static_cast<Environment*>(data));
  };
  napi_set_instance_data(env, created.release(), destroy, nullptr);
}

Environment& Environment::Of(napi_env env) {
  void* data = nullptr;
  napi_get_instance_data(env, &data);
  return *static_cast<Environment*>(data);
}

int Environment::Own(UniqueFd fd) {
  Adopt(fd.get());
  return fd.release();
}

void Environment::Adopt(int fd) {
  const auto index = static_cast<size_t>(fd);
  if (index >= owned_.size()) owned_.resize(index + 1, false);
  owned_[index] = true;
}

bool Environment::Disown(int fd) {
  const auto index = static_cast<size_t>(fd);
  if (index >= owned_.size() || !owned_[index]) return false;
  owned_[index] = false;
  return true;
}

void Environment::CloseAll(void* environment) {
  auto& owned = static_cast<Environment*>(environment)->owned_;
  for (size_t fd = 0; fd < owned.size(); fd++) {
    if (owned[fd]) close(static_cast<int>(fd));
  }
  owned.clear();
}
