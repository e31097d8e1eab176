#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace quiver {

/// How vectors are quantised for walks. The numbers are stored in files: never renumber.
enum class CodeKind : uint32_t {
  kNone = 0,    ///< walks read the float32 vectors
  kSq8 = 1,     ///< a byte a dimension: the integers themselves, or 7 bits after a rotation
  kSq4 = 2,     ///< half a byte a dimension after a rotation
  kBinary = 3,  ///< a bit a dimension after a rotation, for estimates without bias
  kPq = 4,      ///< a byte for some dimensions after a rotation: the nearest of 256 centroids
};

/// What a user asks for: a kind, or the one that suits the data.
struct Quantization {
  std::optional<CodeKind> kind;  ///< nothing: auto

  friend bool operator==(const Quantization&, const Quantization&) = default;
};

struct CodeKindName {
  CodeKind kind;
  std::string_view name;
};

inline constexpr std::array kCodeKindNames{
    CodeKindName{CodeKind::kNone, "none"}, CodeKindName{CodeKind::kSq8, "sq8"},
    CodeKindName{CodeKind::kSq4, "sq4"},   CodeKindName{CodeKind::kBinary, "binary"},
    CodeKindName{CodeKind::kPq, "pq"},
};

constexpr std::string_view code_kind_name(CodeKind kind) {
  for (const auto& row : kCodeKindNames) {
    if (row.kind == kind) return row.name;
  }
  return "unknown";
}

constexpr std::string_view quantization_name(const Quantization& quantization) {
  return quantization.kind ? code_kind_name(*quantization.kind) : "auto";
}

constexpr std::optional<Quantization> quantization_from_name(std::string_view name) {
  if (name == "auto") return Quantization{};
  for (const auto& row : kCodeKindNames) {
    if (row.name == name) return Quantization{row.kind};
  }
  return std::nullopt;
}

}  // namespace quiver
