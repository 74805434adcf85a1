// kqueue(2) over epoll(7); included by sys/event.h, which declares the interface.
//
// The descriptor that kqueue() answers is an epoll descriptor and nothing else, so it can be polled
// by another loop and goes away with close(2). Everything beside it is memory: a Registry maps the
// number to a Queue, a Queue maps a descriptor to a Watch, a Watch has a knote for each filter.
//
// Level-triggered knotes lie in epoll as EPOLLONESHOT and are armed again at the end of each wait.
// That costs a system call an event and buys what kqueue promises and epoll does not:
// - A knote belongs to a descriptor and dies when that is closed. epoll's entry belongs to the open
//   file and lives on while a dup does; but here it fires once at most, and then it is found that
//   the number is closed or means another file, and the watch is dropped.
// - A disabled knote reports nothing, whereas epoll reports EPOLLHUP and EPOLLERR without being
//   asked: it does so once, comes to nothing, and then the entry is disarmed and silent.
// - One wait reports a knote once, however often epoll has to be asked to fill the caller's room.
//
// Where it differs from a BSD:
// - `data` says nothing (0) except beside EV_ERROR: no byte counts, no backlog.
// - `fflags` beside EV_EOF is EIO for any socket error: Linux cannot read SO_ERROR without
//   clearing it, and it belongs to whoever calls recv or getsockopt next.
// - epoll reports all that is ready on an edge: EV_CLEAR knotes of both filters of a descriptor
//   report together, and beside a level-triggered one EV_CLEAR has no effect.
// - A socket that never was connected reports EPOLLHUP, hence both filters with EV_EOF; on a BSD
//   it reports nothing. After a shutdown of our own side EVFILT_WRITE lacks its EV_EOF.
// - A closed descriptor that is opened again as a dup of the same file keeps its knotes.
// - Files that epoll refuses (regular files, directories, /dev/null) are looked at in every wait;
//   polling the queue's own descriptor does not show them.
// - A dup of the queue's descriptor is not a queue: EBADF.
#pragma once

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace kqueue_shim {

struct Knote {
  bool is_set = false;
  bool is_enabled = false;
  unsigned properties = 0;  // EV_ONESHOT, EV_CLEAR, EV_DISPATCH
  void* udata = nullptr;

  bool is_level() const { return is_enabled && !(properties & EV_CLEAR); }
};

struct Watch {
  // Tells this watch's events from those of a file that had the same number before.
  uint32_t serial = 0;
  bool is_refused = false;  // by epoll: a regular file or the like
  struct stat status = {};
  bool is_write_next = false;  // the filter to begin with, when the last room was too small for both
  Knote read, write;

  Knote& Of(int filter) { return filter == EVFILT_READ ? read : write; }
  bool is_level() const { return read.is_level() || write.is_level(); }
  bool is_empty() const { return !read.is_set && !write.is_set; }
  bool is_socket() const { return S_ISSOCK(status.st_mode); }
};

// The caller's array, as far as it is filled.
struct Output {
  struct kevent* events;
  int room;
  int count = 0;

  int left() const { return room - count; }
};

// One queue's watches. Its methods lock it; nothing waits inside.
class Queue {
 public:
  explicit Queue(int kq) : kq_(kq) {}

  // Applies one change: 0 or the errno of its refusal.
  int Change(const struct kevent& change) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (change.filter != EVFILT_READ && change.filter != EVFILT_WRITE) return EINVAL;
    if (change.ident > INT_MAX) return EBADF;
    const int fd = static_cast<int>(change.ident);
    auto found = watches_.find(fd);
    if (found != watches_.end() && !IsSame(fd, found->second)) {
      watches_.erase(found);
      found = watches_.end();
    }
    if (fcntl(fd, F_GETFD) < 0) return EBADF;
    if (change.flags & EV_ADD) return Add(fd, change);
    if (found == watches_.end() || !found->second.Of(change.filter).is_set) return ENOENT;
    Knote& knote = found->second.Of(change.filter);
    if (change.flags & EV_DELETE) knote = {};
    if (change.flags & EV_ENABLE) knote.is_enabled = true;
    if (change.flags & EV_DISABLE) knote.is_enabled = false;
    Settle(fd);
    return 0;
  }

  // Reports one event of epoll, as far as there is room.
  void Deliver(const epoll_event& event, Output* out) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const int fd = static_cast<int>(event.data.u64 & UINT32_MAX);
    const auto found = watches_.find(fd);
    if (found == watches_.end() || found->second.serial != event.data.u64 >> 32) return;
    if (!IsSame(fd, found->second)) {
      watches_.erase(found);
      return;
    }
    if (Report(fd, found->second, event.events, out)) to_settle_.push_back(fd);
  }

  // Reports the files that epoll refused.
  void DeliverFiles(Output* out) {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (auto at = watches_.begin(); at != watches_.end();) {
      const auto here = at++;  // it may be erased
      auto& [fd, watch] = *here;
      if (!watch.is_refused) continue;
      if (!IsSame(fd, watch)) watches_.erase(here);
      else if (Report(fd, watch, ReadinessOfFile(fd, watch), out)) Settle(fd);
    }
  }

  bool HasReadyFile() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return std::any_of(watches_.begin(), watches_.end(), [](auto& entry) {
      auto& [fd, watch] = entry;
      const uint32_t ready = watch.is_refused ? ReadinessOfFile(fd, watch) : 0;
      return ((ready & EPOLLIN) && watch.read.is_enabled) ||
             ((ready & EPOLLOUT) && watch.write.is_enabled);
    });
  }

  // Arms what was reported: at the end of a wait, so that none of it is reported twice.
  void EndWait() {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const int fd : to_settle_) Settle(fd);
    to_settle_.clear();
  }

 private:
  // EV_ADD: of a new knote, or over the one that is there.
  int Add(int fd, const struct kevent& change) {
    if (watches_.find(fd) == watches_.end()) {
      Watch watch;
      const int error = Begin(fd, &watch);
      if (error != 0) return error;
      watches_.emplace(fd, watch);
    }
    Knote& knote = watches_[fd].Of(change.filter);
    knote.is_set = true;
    knote.is_enabled = !(change.flags & EV_DISABLE);
    knote.properties = change.flags & (EV_ONESHOT | EV_CLEAR | EV_DISPATCH);
    knote.udata = change.udata;
    Settle(fd);
    return 0;
  }

  int Begin(int fd, Watch* watch) {
    watch->serial = ++last_serial_;
    fstat(fd, &watch->status);
    epoll_event nothing = EventOf(fd, *watch);
    if (epoll_ctl(kq_, EPOLL_CTL_ADD, fd, &nothing) == 0) return 0;
    // A dup of the same file had this number once, and its entry is still there: it serves again.
    if (errno == EEXIST) return 0;
    watch->is_refused = errno == EPERM;
    return watch->is_refused ? 0 : errno;
  }

  // Whether the number still means the file that is watched. epoll knows its entries by number and
  // file: adding one once more fails with EEXIST, and leaves the entry as it is.
  bool IsSame(int fd, const Watch& watch) const {
    if (watch.is_refused) {
      struct stat now;
      return fstat(fd, &now) == 0 && now.st_dev == watch.status.st_dev &&
             now.st_ino == watch.status.st_ino;
    }
    epoll_event probe = {};
    probe.events = EPOLLONESHOT;
    if (epoll_ctl(kq_, EPOLL_CTL_ADD, fd, &probe) == 0) {
      epoll_ctl(kq_, EPOLL_CTL_DEL, fd, nullptr);
      return false;
    }
    return errno == EEXIST;
  }

  // What epoll shall watch for: edges if nothing else is wanted, else one event until armed again.
  static epoll_event EventOf(int fd, const Watch& watch) {
    epoll_event event = {};
    if (watch.read.is_enabled) event.events |= EPOLLIN | EPOLLRDHUP;
    if (watch.write.is_enabled) event.events |= EPOLLOUT;
    const bool is_edge_only = event.events != 0 && !watch.is_level();
    event.events |= is_edge_only ? EPOLLET : EPOLLONESHOT;
    event.data.u64 = static_cast<uint64_t>(watch.serial) << 32 | static_cast<uint32_t>(fd);
    return event;
  }

  // Brings epoll's entry in line with the knotes, which also arms it, or removes both.
  void Settle(int fd) {
    const auto found = watches_.find(fd);
    if (found == watches_.end()) return;
    const Watch& watch = found->second;
    epoll_event event = EventOf(fd, watch);
    if (!watch.is_refused) {
      epoll_ctl(kq_, watch.is_empty() ? EPOLL_CTL_DEL : EPOLL_CTL_MOD, fd, &event);
    }
    if (watch.is_empty()) watches_.erase(found);
  }

  // A file is readable unless its position is at its end; other things are always ready.
  static uint32_t ReadinessOfFile(int fd, const Watch& watch) {
    struct stat now;
    const bool is_at_end = S_ISREG(watch.status.st_mode) && fstat(fd, &now) == 0 &&
                           lseek(fd, 0, SEEK_CUR) == now.st_size;
    return is_at_end ? EPOLLOUT : EPOLLIN | EPOLLOUT;
  }

  // Puts one event for each ready filter into `out`. True if the watch must be settled after: it is
  // level-triggered, lost a knote, or found too little room.
  static bool Report(int fd, Watch& watch, uint32_t ready, Output* out) {
    bool must_settle = watch.is_level();
    const int first = watch.is_write_next ? EVFILT_WRITE : EVFILT_READ;
    for (const int filter : {first, EVFILT_READ + EVFILT_WRITE - first}) {
      const uint32_t wanted = filter == EVFILT_READ ? EPOLLIN | EPOLLRDHUP : EPOLLOUT;
      Knote& knote = watch.Of(filter);
      if (!knote.is_enabled || !(ready & (wanted | EPOLLHUP | EPOLLERR))) continue;
      if (out->left() == 0) {
        watch.is_write_next = filter == EVFILT_WRITE;
        return true;
      }
      out->events[out->count++] = Describe(fd, watch, filter, ready);
      if (knote.properties & EV_ONESHOT) knote = {};
      if (knote.properties & EV_DISPATCH) knote.is_enabled = false;
      must_settle = must_settle || !knote.is_enabled;
    }
    return must_settle;
  }

  // End of file: for a reader that nothing more will come, for a writer that nobody reads. A pipe
  // says the second as an error, a socket as a hang-up, beside which an error is the socket's own.
  static struct kevent Describe(int fd, Watch& watch, int filter, uint32_t ready) {
    const bool is_read = filter == EVFILT_READ;
    uint32_t end = EPOLLHUP;
    if (is_read) end |= EPOLLRDHUP;
    if (!watch.is_socket()) end |= EPOLLERR;
    const bool is_end = ready & end;
    const bool has_error = is_end && watch.is_socket() && (ready & EPOLLERR);
    const Knote& knote = watch.Of(filter);
    struct kevent event;
    EV_SET(&event, static_cast<uintptr_t>(fd), static_cast<int16_t>(filter),
           static_cast<uint16_t>(knote.properties | (is_end ? EV_EOF : 0)), has_error ? EIO : 0, 0,
           knote.udata);
    return event;
  }

  const int kq_;
  std::mutex mutex_;
  uint32_t last_serial_ = 0;  // 0 is nobody's: probes carry it
  std::map<int, Watch> watches_;
  std::vector<int> to_settle_;
};

// Which numbers are queues. The process has one, for any thread may use any descriptor.
class Registry {
 public:
  static Registry& Get() {
    static Registry registry;
    return registry;
  }

  void Add(int kq) {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (auto at = queues_.begin(); at != queues_.end();) {
      at = IsMarked(at->first) ? std::next(at) : queues_.erase(at);
    }
    queues_.insert_or_assign(kq, std::make_shared<Queue>(kq));
  }

  std::shared_ptr<Queue> Find(int kq) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = queues_.find(kq);
    return found == queues_.end() || !IsMarked(kq) ? nullptr : found->second;
  }

  // close(2) does not tell us, and the number may be anything by now, even another epoll. So the
  // open file itself carries a mark, in a place where nobody looks: the signal that it would send
  // if it did asynchronous I/O.
  static void Mark(int kq) { fcntl(kq, F_SETSIG, SIGRTMAX); }
  static bool IsMarked(int kq) { return fcntl(kq, F_GETSIG) == SIGRTMAX; }

 private:
  std::mutex mutex_;
  std::map<int, std::shared_ptr<Queue>> queues_;
};

class Deadline {
 public:
  explicit Deadline(const timespec* timeout) : is_never_(timeout == nullptr) {
    constexpr int64_t kSecondsMax = 1'000'000'000;
    if (is_never_) return;
    at_ns_ = Now() + std::min<int64_t>(timeout->tv_sec, kSecondsMax) * kSecond + timeout->tv_nsec;
  }

  bool is_never() const { return is_never_; }

  timespec Left() const {
    const int64_t ns = std::max<int64_t>(at_ns_ - Now(), 0);
    return {static_cast<time_t>(ns / kSecond), static_cast<long>(ns % kSecond)};
  }

 private:
  static constexpr int64_t kSecond = 1'000'000'000;

  static int64_t Now() {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * kSecond + now.tv_nsec;
  }

  const bool is_never_;
  int64_t at_ns_ = 0;
};

// epoll_wait with a timespec; where the kernel has none, in milliseconds rounded up.
inline int EpollWait(int kq, epoll_event* events, int room, const timespec* timeout) {
#ifdef SYS_epoll_pwait2
  const long count = syscall(SYS_epoll_pwait2, kq, events, room, timeout, nullptr, 0);
  if (count >= 0 || (errno != ENOSYS && errno != EPERM)) return static_cast<int>(count);
#endif
  const int64_t ms =
      timeout == nullptr
          ? -1
          : static_cast<int64_t>(timeout->tv_sec) * 1000 + (timeout->tv_nsec + 999'999) / 1'000'000;
  return epoll_wait(kq, events, room, static_cast<int>(std::min<int64_t>(ms, INT_MAX)));
}

inline int Wait(int kq, Queue& queue, Output out, const Deadline& deadline) {
  constexpr int kBatch = 128;
  epoll_event ready[kBatch];
  int count;
  do {
    // Each may become two, one a filter: those not asked for stay first in epoll's own line.
    const int room = std::min(kBatch, (out.left() + 1) / 2);
    const bool is_poll = out.count > 0 || queue.HasReadyFile();
    const timespec left = is_poll ? timespec{} : deadline.Left();
    count = EpollWait(kq, ready, room, deadline.is_never() && !is_poll ? nullptr : &left);
    for (int i = 0; i < count; i++) queue.Deliver(ready[i], &out);
    // An event of a closed descriptor comes to nothing: the wait then goes on.
  } while (count > 0 && out.left() > 0);
  const int error = errno;
  queue.EndWait();
  if (out.left() > 0) queue.DeliverFiles(&out);
  errno = error;
  return count < 0 && out.count == 0 ? -1 : out.count;
}

inline int Kqueue() {
  const int kq = epoll_create1(0);
  if (kq < 0) return -1;
  Registry::Mark(kq);
  Registry::Get().Add(kq);
  return kq;
}

inline int Kevent(int kq, const struct kevent* changes, int change_count, struct kevent* events,
                  int room, const timespec* timeout) {
  const std::shared_ptr<Queue> queue = Registry::Get().Find(kq);
  if (queue == nullptr) {
    errno = EBADF;
    return -1;
  }
  Output out{events, room};
  for (int i = 0; i < change_count; i++) {
    struct kevent change = changes[i];  // a copy: both arrays may be the same
    const int error = queue->Change(change);
    if (error == 0 && !(change.flags & EV_RECEIPT)) continue;
    if (out.left() > 0) {
      change.flags = EV_ERROR;
      change.data = error;
      events[out.count++] = change;
    } else if (error != 0) {
      errno = error;
      return -1;
    }
  }
  if (out.count > 0 || room == 0) return out.count;
  return Wait(kq, *queue, out, Deadline(timeout));
}

}  // namespace kqueue_shim
