// The system's numbers, from its own headers: a name that this system lacks is absent.
#define __APPLE_USE_RFC_3542  // macOS hides the IPV6_ options of RFC 3542 without it
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/select.h>
#include <sys/socket.h>

#ifdef __linux__
#include <linux/tcp.h>
#include <netinet/udp.h>
#include <sys/epoll.h>
#ifdef __GLIBC__
#include <linux/in.h>  // knows newer names than the C library; other libraries' headers exclude it
#endif
#else
#include <netinet/tcp.h>
#endif
#if __has_include(<netinet/tcp_fsm.h>)
#include <netinet/tcp_fsm.h>
#endif

#include "address.h"
#include "calls.h"

namespace {

struct Constant {
  const char* name;
  int value;
};

#define SR_CONSTANT(name) {#name, static_cast<int>(name)},
constexpr Constant kConstants[] = {
#include "constants.inc"
    {"EPOLL_INTS", 4},  // room in the event array of epoll_wait, see epoll.cc
};

#ifdef __linux__
// linux/tcp.h has no names for the states, and netinet/tcp.h, which has, excludes it: these are
// the kernel's numbers (include/net/tcp_states.h), part of its stable interface.
constexpr const char* kTcpStates[] = {
    "",           "ESTABLISHED", "SYN_SENT",   "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2",
    "TIME_WAIT",  "CLOSED",      "CLOSE_WAIT", "LAST_ACK", "LISTEN",    "CLOSING",
};
#else
constexpr const char* kTcpStates[] = {
    "CLOSED",     "LISTEN",    "SYN_SENT", "SYN_RECV", "ESTABLISHED", "CLOSE_WAIT",
    "FIN_WAIT1",  "CLOSING",   "LAST_ACK", "FIN_WAIT2", "TIME_WAIT",
};
#ifdef TCPS_TIME_WAIT  // 4.4BSD's numbers, the same in all its descendants
static_assert(TCPS_LISTEN == 1 && TCPS_ESTABLISHED == 4 && TCPS_CLOSE_WAIT == 5 &&
              TCPS_FIN_WAIT_1 == 6 && TCPS_CLOSING == 7 && TCPS_FIN_WAIT_2 == 9 &&
              TCPS_TIME_WAIT == 10);
#endif
#endif

}  // namespace

void ExportConstants(napi_env env, napi_value exports) {
  napi_value constants, states, value;
  napi_create_object(env, &constants);
  for (const Constant& constant : kConstants) {
    napi_create_int32(env, constant.value, &value);
    napi_set_named_property(env, constants, constant.name, value);
  }
  napi_set_named_property(env, exports, "constants", constants);
  napi_create_array(env, &states);
  uint32_t index = 0;
  for (const char* state : kTcpStates) {
    napi_create_string_utf8(env, state, NAPI_AUTO_LENGTH, &value);
    napi_set_element(env, states, index++, value);
  }
  napi_set_named_property(env, exports, "tcpStates", states);
}
