#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace quiver {

/// What went wrong, as a stable name that becomes `QuiverError.code` in JavaScript.
/// Adding a code is one row here and one in js/errors.ts (a test compares the two lists).
enum class Code : uint8_t {
  kInvalidArgument,
  kInvalidVector,
  kDimensionMismatch,
  kInvalidId,
  kInvalidMetadata,
  kInvalidFilter,
  kInvalidTopK,
  kItemExists,
  kItemNotFound,
  kIndexExists,
  kIndexNotFound,
  kUpdateInProgress,
  kNoUpdateInProgress,
  kMissingFile,
  kCorruptFile,
  kUnsupportedFormat,
  kLocked,
  kReadOnly,
  kPermissionDenied,
  kNoSpace,
  kIoError,
  kOutOfMemory,
  kClosed,
  kNotOpen,
  kBackendUnavailable,
  kStorageUnavailable,
  kEngineLost,
  kNotSupported,
  kInternal,
};

struct CodeName {
  Code code;
  std::string_view name;
};

inline constexpr std::array kCodeNames{
    CodeName{Code::kInvalidArgument, "INVALID_ARGUMENT"},
    CodeName{Code::kInvalidVector, "INVALID_VECTOR"},
    CodeName{Code::kDimensionMismatch, "DIMENSION_MISMATCH"},
    CodeName{Code::kInvalidId, "INVALID_ID"},
    CodeName{Code::kInvalidMetadata, "INVALID_METADATA"},
    CodeName{Code::kInvalidFilter, "INVALID_FILTER"},
    CodeName{Code::kInvalidTopK, "INVALID_TOP_K"},
    CodeName{Code::kItemExists, "ITEM_EXISTS"},
    CodeName{Code::kItemNotFound, "ITEM_NOT_FOUND"},
    CodeName{Code::kIndexExists, "INDEX_EXISTS"},
    CodeName{Code::kIndexNotFound, "INDEX_NOT_FOUND"},
    CodeName{Code::kUpdateInProgress, "UPDATE_IN_PROGRESS"},
    CodeName{Code::kNoUpdateInProgress, "NO_UPDATE_IN_PROGRESS"},
    CodeName{Code::kMissingFile, "MISSING_FILE"},
    CodeName{Code::kCorruptFile, "CORRUPT_FILE"},
    CodeName{Code::kUnsupportedFormat, "UNSUPPORTED_FORMAT"},
    CodeName{Code::kLocked, "LOCKED"},
    CodeName{Code::kReadOnly, "READ_ONLY"},
    CodeName{Code::kPermissionDenied, "PERMISSION_DENIED"},
    CodeName{Code::kNoSpace, "NO_SPACE"},
    CodeName{Code::kIoError, "IO_ERROR"},
    CodeName{Code::kOutOfMemory, "OUT_OF_MEMORY"},
    CodeName{Code::kClosed, "CLOSED"},
    CodeName{Code::kNotOpen, "NOT_OPEN"},
    CodeName{Code::kBackendUnavailable, "BACKEND_UNAVAILABLE"},
    CodeName{Code::kStorageUnavailable, "STORAGE_UNAVAILABLE"},
    CodeName{Code::kEngineLost, "ENGINE_LOST"},
    CodeName{Code::kNotSupported, "NOT_SUPPORTED"},
    CodeName{Code::kInternal, "INTERNAL"},
};

constexpr std::string_view code_name(Code code) {
  return kCodeNames[static_cast<size_t>(code)].name;
}

/// The position of the offending item when an error is about no item in particular.
inline constexpr uint32_t kNoItem = 0xFFFFFFFF;

/// A failure: its stable code, a sentence for people that names what was expected and what was
/// found, and the position (0-based, within the batch that was passed in) of the offending item.
struct [[nodiscard]] Error {
  Code code = Code::kInternal;
  std::string message;
  uint32_t item = kNoItem;
};

}  // namespace quiver
