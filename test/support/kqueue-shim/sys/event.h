// <sys/event.h> for Linux, for tests only: the interface of kqueue(2) as the BSDs document it, over
// epoll(7). It lets native/kqueue.cc and KqueueSelector run through the contract suite on a machine
// that has no kqueue. It proves our side of that interface, not a BSD kernel's behaviour.
//
// The machinery, and the list of where it differs from a BSD, is in ../kqueue-over-epoll.h.
// Header-only; built in by naming this folder's parent as SR_KQUEUE_INCLUDE (see CMakeLists.txt).
#pragma once

#ifndef __linux__
#error "This is a stand-in for Linux: here the system's own <sys/event.h> should be found"
#endif

#include <cstdint>
#include <ctime>

struct kevent {
  uintptr_t ident;  // the descriptor
  int16_t filter;
  uint16_t flags;
  uint32_t fflags;  // out: the socket's error beside EV_EOF
  intptr_t data;    // out: the errno beside EV_ERROR, otherwise 0
  void* udata;
};

// Filters: what to be told of. A descriptor has one knote (registration) for each.
#define EVFILT_READ (-1)
#define EVFILT_WRITE (-2)

// Flags of a change: actions, then properties of the knote.
#define EV_ADD 0x0001
#define EV_DELETE 0x0002
#define EV_ENABLE 0x0004
#define EV_DISABLE 0x0008
#define EV_ONESHOT 0x0010
#define EV_CLEAR 0x0020
#define EV_RECEIPT 0x0040
#define EV_DISPATCH 0x0080

// Flags of what comes back.
#define EV_ERROR 0x4000
#define EV_EOF 0x8000

#define EV_SET(kevp, ident_, filter_, flags_, fflags_, data_, udata_) \
  do {                                                                \
    struct kevent* const set_ = (kevp);                               \
    set_->ident = (ident_);                                           \
    set_->filter = (filter_);                                         \
    set_->flags = (flags_);                                           \
    set_->fflags = (fflags_);                                         \
    set_->data = (data_);                                             \
    set_->udata = (udata_);                                           \
  } while (0)

#include "../kqueue-over-epoll.h"

inline int kqueue() { return kqueue_shim::Kqueue(); }

inline int kevent(int kq, const struct kevent* changes, int change_count, struct kevent* events,
                  int room, const timespec* timeout) {
  return kqueue_shim::Kevent(kq, changes, change_count, events, room, timeout);
}
