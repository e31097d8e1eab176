#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace quiver::store {

inline constexpr std::string_view kManifestName = "manifest";

/// From 1 to here files and records are numbered: there is always a number after the last one.
inline constexpr uint64_t kMaxFileNumber = (uint64_t{1} << 63) - 1;

/// "log-000042.qlog", and back: the number, or nothing for any name that is not made here.
std::string log_file_name(uint64_t number);
std::optional<uint64_t> log_file_number(std::string_view name);

/// "seg-000042.qseg".
std::string segment_file_name(uint64_t number);
std::optional<uint64_t> segment_file_number(std::string_view name);

/// "lock-000042".
std::string lock_file_name(uint64_t number);
std::optional<uint64_t> lock_file_number(std::string_view name);

}  // namespace quiver::store
