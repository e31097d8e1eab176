# The Node addon: build/Release/quiver.node. Built by `node scripts/build.mjs native`; never at install.
# Each instruction set is a library of its own, because only its file may be compiled for more than the base CPU.
{
  "variables": {
    "common_flags": ["-std=c++20", "-O3", "-ffp-contract=off", "-fvisibility=hidden", "-fvisibility-inlines-hidden", "-Wall", "-Wextra"],
    "avx512_flags": ["-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl"],
    "third_party": "<(module_root_dir)/.toolchain/include",
  },
  "target_defaults": {
    "include_dirs": ["src"],
    "defines": ["NDEBUG", "NAPI_VERSION=8", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS", "QUIVER_VERSION=\"<!(node -p \"require('./package.json').version\")\""],
    "cflags!": ["-O2"],
    "cflags_cc!": ["-fno-exceptions", "-fno-rtti", "-std=gnu++17", "-std=gnu++20", "-std=c++17", "-O2"],
    "cflags_cc": ["<@(common_flags)"],
    "xcode_settings": {
      "CLANG_CXX_LANGUAGE_STANDARD": "c++20",
      "CLANG_CXX_LIBRARY": "libc++",
      "GCC_ENABLE_CPP_EXCEPTIONS": "YES",
      "GCC_OPTIMIZATION_LEVEL": "3",
      "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
      "MACOSX_DEPLOYMENT_TARGET": "11.0",
      "OTHER_CPLUSPLUSFLAGS": ["-ffp-contract=off", "-isystem", "<(third_party)"],
    },
    "msvs_settings": {
      "VCCLCompilerTool": {
        "ExceptionHandling": 1,
        "AdditionalOptions": ["/std:c++20", "/external:I", "<(third_party)", "/external:W0", "/utf-8"],
      },
    },
    "conditions": [
      ["OS!='win'", {"cflags_cc": ["-isystem", "<(third_party)"]}],
    ],
  },
  "targets": [
    {
      "target_name": "kernel_scalar",
      "type": "static_library",
      "sources": ["src/kernel/isa/scalar.cpp"],
    },
    {
      # As in CMakeLists.txt.
      "target_name": "zstd",
      "type": "static_library",
      "sources": ["<!@(node scripts/sources.mjs zstd)"],
      "defines": [
        "XXH_NAMESPACE=QUIVER_ZSTD_",
        "ZSTD_NO_TRACE",
        "ZSTD_DISABLE_ASM=1",
        "ZSTD_STRIP_ERROR_STRINGS=1",
        "ZSTDLIB_VISIBLE=",
        "ZSTDERRORLIB_VISIBLE=",
        "ZSTD_LEGACY_SUPPORT=0",
        "ZSTD_EXCLUDE_DFAST_BLOCK_COMPRESSOR",
        "ZSTD_EXCLUDE_GREEDY_BLOCK_COMPRESSOR",
        "ZSTD_EXCLUDE_LAZY_BLOCK_COMPRESSOR",
        "ZSTD_EXCLUDE_LAZY2_BLOCK_COMPRESSOR",
        "ZSTD_EXCLUDE_BTLAZY2_BLOCK_COMPRESSOR",
        "ZSTD_EXCLUDE_BTOPT_BLOCK_COMPRESSOR",
        "ZSTD_EXCLUDE_BTULTRA_BLOCK_COMPRESSOR",
      ],
      "cflags_c": ["-O2", "-fvisibility=hidden", "-ffunction-sections", "-fdata-sections"],
    },
    {
      "target_name": "core",
      "type": "static_library",
      "sources": ["<!@(node scripts/sources.mjs core)"],
    },
    {
      "target_name": "kernel",
      "type": "static_library",
      "sources": ["<!@(node scripts/sources.mjs kernel)"],
    },
    {
      "target_name": "quiver",
      "sources": ["<!@(node scripts/sources.mjs addon)"],
      # The order is the link order: users before what they use.
      "dependencies": ["core", "zstd", "kernel", "kernel_scalar"],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["NODE_ADDON_API_CPP_EXCEPTIONS"],
      "conditions": [
        ["target_arch=='x64'", {"dependencies": ["kernel_sse4", "kernel_avx2", "kernel_avx512", "kernel_avx512vnni"]}],
        ["target_arch=='arm64'", {"dependencies": ["kernel_neon"]}],
        ["OS=='linux'", {
          # Only the module's own entry point is visible, and the C++ library of the build machine comes along, so
          # that older systems can load it.
          "ldflags": ["-s", "-Wl,--exclude-libs,ALL", "-Wl,--gc-sections", "-static-libstdc++", "-static-libgcc"],
        }],
        ["OS=='mac'", {
          "xcode_settings": {
            "DEAD_CODE_STRIPPING": "YES",
            "DEPLOYMENT_POSTPROCESSING": "YES",
            "STRIP_INSTALLED_PRODUCT": "YES",
            "STRIP_STYLE": "non-global",
          },
        }],
      ],
    },
  ],
  "conditions": [
    ["target_arch=='x64'", {
      "targets": [
        {
          "target_name": "kernel_sse4",
          "type": "static_library",
          "sources": ["src/kernel/isa/sse4.cpp"],
          "cflags_cc": ["-msse4.2"],
          "xcode_settings": {"OTHER_CPLUSPLUSFLAGS": ["-msse4.2"]},
        },
        {
          "target_name": "kernel_avx2",
          "type": "static_library",
          "sources": ["src/kernel/isa/avx2.cpp"],
          "cflags_cc": ["-mavx2"],
          "xcode_settings": {"OTHER_CPLUSPLUSFLAGS": ["-mavx2"]},
          "msvs_settings": {"VCCLCompilerTool": {"EnableEnhancedInstructionSet": "5"}},
        },
        {
          "target_name": "kernel_avx512",
          "type": "static_library",
          "sources": ["src/kernel/isa/avx512.cpp"],
          "cflags_cc": ["<@(avx512_flags)"],
          "xcode_settings": {"OTHER_CPLUSPLUSFLAGS": ["<@(avx512_flags)"]},
          "msvs_settings": {"VCCLCompilerTool": {"AdditionalOptions": ["/arch:AVX512"]}},
        },
        {
          "target_name": "kernel_avx512vnni",
          "type": "static_library",
          "sources": ["src/kernel/isa/avx512vnni.cpp"],
          "cflags_cc": ["<@(avx512_flags)", "-mavx512vnni"],
          "xcode_settings": {
            "OTHER_CPLUSPLUSFLAGS": ["<@(avx512_flags)", "-mavx512vnni"],
          },
          "msvs_settings": {"VCCLCompilerTool": {"AdditionalOptions": ["/arch:AVX512"]}},
        },
      ],
    }],
    ["target_arch=='arm64'", {
      "targets": [
        {
          "target_name": "kernel_neon",
          "type": "static_library",
          "sources": ["src/kernel/isa/neon.cpp"],
        },
      ],
    }],
  ],
}
