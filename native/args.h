// Reading the arguments of one call. Everything is checked before a pointer is formed: a wrong
// type throws TypeError, a number out of range RangeError, both with Node's codes. The first
// failure sticks; after reading its arguments a call returns at once if `failed()`.
//
// The Node-API C functions are called directly: they cost about 15 ns a call less than the
// wrapper classes, and these are the hot path.
#pragma once

#include <napi.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>

template <typename T>
struct Span {
  T* data = nullptr;
  size_t length = 0;
};
using Bytes = Span<uint8_t>;

class Args {
 public:
  static constexpr size_t kMax = 8;

  Args(napi_env env, napi_callback_info info, const char* call);

  napi_env env() const { return env_; }
  bool failed() const { return failed_; }

  int Fd(size_t index) { return static_cast<int>(Integer(index, "fd", 0, kMaxInt)); }
  int Int(size_t index, const char* name) {
    return static_cast<int>(Integer(index, name, -kMaxInt - 1, kMaxInt));
  }
  int Count(size_t index, const char* name) {
    return static_cast<int>(Integer(index, name, 0, kMaxInt));
  }
  uint32_t Uint32(size_t index, const char* name) {
    return static_cast<uint32_t>(Integer(index, name, 0, kMaxUint32));
  }
  int64_t Size(size_t index, const char* name) { return Integer(index, name, 0, kMaxSafeInteger); }
  double Number(size_t index, const char* name);     // anything but NaN
  bool Boolean(size_t index, const char* name);
  // The view at `index`, its offset at `index + 1` and its length at `index + 2`.
  Bytes Range(size_t index);
  Bytes View(size_t index, const char* name);        // all of it
  bool IsMissing(size_t index) const;                // undefined or null
  Span<int32_t> Ints(size_t index, const char* name, uint64_t at_least);
  Span<double> Doubles(size_t index, const char* name);
  // Copies a string of at most `capacity - 1` bytes, NUL-terminated.
  bool Text(size_t index, const char* name, char* out, size_t capacity);
  napi_value Value(size_t index) const { return values_[index]; }

  void WrongType(size_t index, const char* name, const char* wanted);
  void OutOfRange(const char* name, const char* wanted, double found);
  void Fail(const char* code, const char* message, bool range = true);

  // The result of a system call: the count, or -errno.
  napi_value Return(int64_t result) const;
  static int64_t Errno(int64_t result) { return result < 0 ? -errno : result; }

 private:
  static constexpr double kMaxInt = 2147483647.0;
  static constexpr double kMaxUint32 = 4294967295.0;
  static constexpr double kMaxSafeInteger = 9007199254740991.0;

  // An integer from `low` to `high`; anything else, NaN and fractions too, fails.
  int64_t Integer(size_t index, const char* name, double low, double high) {
    double value = 0;
    if (failed_) return 0;
    if (napi_get_value_double(env_, values_[index], &value) == napi_ok && value >= low &&
        value <= high && value == static_cast<double>(static_cast<int64_t>(value))) {
      return static_cast<int64_t>(value);
    }
    NotInteger(index, name, low, high);
    return 0;
  }
  void NotInteger(size_t index, const char* name, double low, double high);
  bool TypedArray(size_t index, const char* name, napi_typedarray_type type, const char* wanted,
                  void** data, size_t* length);

  napi_env env_;
  const char* call_;
  size_t count_ = kMax;
  napi_value values_[kMax];
  bool failed_ = false;
};

// The result of `call`, made again as long as a signal interrupts it.
template <typename Call>
int64_t RetryInterrupted(Call call) {
  int64_t result;
  do {
    result = call();
  } while (result < 0 && errno == EINTR);
  return Args::Errno(result);
}

struct ExportedCall {
  const char* name;
  napi_callback function;
};

// Makes each call a property of `target`.
template <size_t N>
void ExportCalls(napi_env env, napi_value target, const ExportedCall (&calls)[N]) {
  for (const ExportedCall& call : calls) {
    napi_value function;
    napi_create_function(env, call.name, NAPI_AUTO_LENGTH, call.function, nullptr, &function);
    napi_set_named_property(env, target, call.name, function);
  }
}
