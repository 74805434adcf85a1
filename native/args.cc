#include "args.h"

#include <cmath>
#include <cstdio>
#include <cstring>

Args::Args(napi_env env, napi_callback_info info, const char* call) : env_(env), call_(call) {
  // Node-API fills the missing ones with undefined.
  napi_get_cb_info(env, info, &count_, values_, nullptr, nullptr);
}

double Args::Number(size_t index, const char* name) {
  double value = 0;
  if (failed_) return value;
  if (napi_get_value_double(env_, values_[index], &value) != napi_ok) {
    WrongType(index, name, "a number");
    return 0;
  }
  if (std::isnan(value)) OutOfRange(name, "a number other than NaN", value);
  return value;
}

bool Args::Boolean(size_t index, const char* name) {
  bool value = false;
  if (!failed_ && napi_get_value_bool(env_, values_[index], &value) != napi_ok) {
    WrongType(index, name, "a boolean");
  }
  return value;
}

Bytes Args::View(size_t index, const char* name) {
  if (failed_) return {};
  // One call that also refuses what is no typed array; a detached buffer has length 0 here, a
  // shrunk one its present length.
  napi_typedarray_type type;
  void* data = nullptr;
  size_t length = 0;
  if (napi_get_typedarray_info(env_, values_[index], &type, &length, &data, nullptr, nullptr) !=
          napi_ok ||
      type != napi_uint8_array) {
    WrongType(index, name, "a Uint8Array");
    return {};
  }
  return {static_cast<uint8_t*>(data), length};
}

Bytes Args::Range(size_t index) {
  const Bytes view = View(index, "buffer");
  // 64 bits until they are known to fit: size_t has 32 on some machines.
  const auto offset = static_cast<uint64_t>(Size(index + 1, "offset"));
  const auto length = static_cast<uint64_t>(Size(index + 2, "length"));
  if (failed_) return {};
  if (offset > view.length) {
    OutOfRange("offset", "at most the buffer's length", static_cast<double>(offset));
    return {};
  }
  if (length > view.length - offset) {
    OutOfRange("length", "at most the buffer's length less the offset",
               static_cast<double>(length));
    return {};
  }
  return {view.data + offset, static_cast<size_t>(length)};
}

bool Args::IsMissing(size_t index) const {
  napi_valuetype type = napi_undefined;
  napi_typeof(env_, values_[index], &type);
  return type == napi_undefined || type == napi_null;
}

Span<int32_t> Args::Ints(size_t index, const char* name, uint64_t at_least) {
  Span<int32_t> ints;
  void* data = nullptr;
  if (!TypedArray(index, name, napi_int32_array, "an Int32Array", &data, &ints.length)) return {};
  if (ints.length < at_least) {
    OutOfRange(name, "a longer Int32Array", static_cast<double>(ints.length));
    return {};
  }
  ints.data = static_cast<int32_t*>(data);
  return ints;
}

Span<double> Args::Doubles(size_t index, const char* name) {
  Span<double> doubles;
  void* data = nullptr;
  if (!TypedArray(index, name, napi_float64_array, "a Float64Array", &data, &doubles.length)) {
    return {};
  }
  doubles.data = static_cast<double*>(data);
  return doubles;
}

bool Args::Text(size_t index, const char* name, char* out, size_t capacity) {
  if (failed_) return false;
  size_t length = 0;
  if (napi_get_value_string_utf8(env_, values_[index], nullptr, 0, &length) != napi_ok) {
    WrongType(index, name, "a string");
    return false;
  }
  if (length >= capacity) {
    OutOfRange(name, "a shorter string", static_cast<double>(length));
    return false;
  }
  napi_get_value_string_utf8(env_, values_[index], out, capacity, &length);
  if (std::strlen(out) != length) {
    Fail("ERR_INVALID_ARG_VALUE", "A name must not contain a NUL", false);
    return false;
  }
  return true;
}

void Args::NotInteger(size_t index, const char* name, double low, double high) {
  double value = 0;
  if (napi_get_value_double(env_, values_[index], &value) != napi_ok) {
    WrongType(index, name, "an integer");
    return;
  }
  char wanted[80];
  std::snprintf(wanted, sizeof wanted, "an integer from %.0f to %.0f", low, high);
  OutOfRange(name, wanted, value);
}

bool Args::TypedArray(size_t index, const char* name, napi_typedarray_type type,
                      const char* wanted, void** data, size_t* length) {
  if (failed_) return false;
  bool is_typed_array = false;
  napi_is_typedarray(env_, values_[index], &is_typed_array);
  napi_typedarray_type found;
  if (!is_typed_array || napi_get_typedarray_info(env_, values_[index], &found, length, data,
                                                  nullptr, nullptr) != napi_ok ||
      found != type) {
    WrongType(index, name, wanted);
    return false;
  }
  return true;
}

void Args::WrongType(size_t index, const char* name, const char* wanted) {
  char message[200];
  std::snprintf(message, sizeof message, "%s(): argument %zu, '%s', must be %s", call_, index + 1,
                name, wanted);
  Fail("ERR_INVALID_ARG_TYPE", message, false);
}

void Args::OutOfRange(const char* name, const char* wanted, double found) {
  char message[200];
  std::snprintf(message, sizeof message, "%s(): '%s' must be %s: %.17g", call_, name, wanted,
                found);
  Fail("ERR_OUT_OF_RANGE", message);
}

void Args::Fail(const char* code, const char* message, bool range) {
  if (failed_) return;
  failed_ = true;
  range ? napi_throw_range_error(env_, code, message) : napi_throw_type_error(env_, code, message);
}

napi_value Args::Return(int64_t result) const {
  napi_value value;
  // Nearly every result fits: the small-integer path is the cheaper one.
  if (result == static_cast<int32_t>(result)) {
    napi_create_int32(env_, static_cast<int32_t>(result), &value);
  } else {
    napi_create_int64(env_, result, &value);
  }
  return value;
}
