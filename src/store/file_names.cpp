#include "store/file_names.h"

#include <charconv>

namespace quiver::store {
namespace {

std::string make(std::string_view prefix, uint64_t number, std::string_view suffix) {
  std::string digits = std::to_string(number);
  if (digits.size() < 6) digits.insert(0, 6 - digits.size(), '0');
  return std::string(prefix) + digits + std::string(suffix);
}

std::optional<uint64_t> parse(std::string_view prefix, std::string_view name,
                              std::string_view suffix) {
  if (name.size() <= prefix.size() + suffix.size()) return std::nullopt;
  const std::string_view digits =
      name.substr(prefix.size(), name.size() - prefix.size() - suffix.size());
  uint64_t number = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (read.ec != std::errc() || number == 0 || number > kMaxFileNumber) return std::nullopt;
  // Each number has one name only.
  if (name != make(prefix, number, suffix)) return std::nullopt;
  return number;
}

}  // namespace

std::string log_file_name(uint64_t number) { return make("log-", number, ".qlog"); }
std::optional<uint64_t> log_file_number(std::string_view name) {
  return parse("log-", name, ".qlog");
}

std::string segment_file_name(uint64_t number) { return make("seg-", number, ".qseg"); }
std::optional<uint64_t> segment_file_number(std::string_view name) {
  return parse("seg-", name, ".qseg");
}

std::string lock_file_name(uint64_t number) { return make("lock-", number, ""); }
std::optional<uint64_t> lock_file_number(std::string_view name) { return parse("lock-", name, ""); }

}  // namespace quiver::store
