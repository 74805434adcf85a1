{
  "variables": {
    # node-gyp rebuild --sr_sanitize=1: address and undefined-behaviour sanitizers.
    "sr_sanitize%": "0",
    # kqueue on a system that has none: the folder of a <sys/event.h>, and the libraries to link.
    "sr_kqueue_include%": "",
    "sr_kqueue_libs%": ""
  },
  "targets": [
    {
      "target_name": "socket_reactor",
      "sources": ["<!@(node -p \"require('fs').readdirSync('native').filter((f) => f.endsWith('.cc')).map((f) => 'native/' + f).join(' ')\")"],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": [
        "NAPI_VERSION=8",
        "NODE_ADDON_API_DISABLE_DEPRECATED",
        "NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS"
      ],
      "cflags_cc!": ["-std=gnu++17", "-std=gnu++20"],
      "cflags_cc": [
        "-std=c++20", "-fvisibility=hidden", "-fvisibility-inlines-hidden",
        "-Wall", "-Wextra", "-Werror"
      ],
      "xcode_settings": {
        "CLANG_CXX_LANGUAGE_STANDARD": "c++20",
        "CLANG_CXX_LIBRARY": "libc++",
        "GCC_ENABLE_CPP_EXCEPTIONS": "NO",
        "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
        "MACOSX_DEPLOYMENT_TARGET": "11.0",
        "WARNING_CFLAGS": ["-Wall", "-Wextra", "-Werror"]
      },
      "conditions": [
        ["sr_sanitize==1", {
          "cflags_cc": ["-fsanitize=address,undefined", "-fno-omit-frame-pointer", "-g", "-O1"],
          "cflags_cc!": ["-O3"],
          "ldflags": ["-fsanitize=address,undefined"]
        }],
        ["sr_kqueue_include!=''", {
          "defines": ["SR_KQUEUE"],
          "include_dirs": ["<(sr_kqueue_include)"]
        }],
        ["sr_kqueue_libs!=''", {
          "libraries": ["<(sr_kqueue_libs)"]
        }]
      ]
    }
  ]
}
