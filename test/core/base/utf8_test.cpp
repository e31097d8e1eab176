#include "base/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace quiver {
namespace {

using namespace std::string_view_literals;

TEST(Utf8, TakesWellFormedText) {
  for (const auto text :
       {""sv, "plain ascii, more than eight bytes"sv, "\0"sv, "ä"sv, "€"sv,
        "\xF0\x9F\x8F\xB9 quiver"sv, "\xED\x9F\xBF"sv, "\xEE\x80\x80"sv, "\xF4\x8F\xBF\xBF"sv}) {
    EXPECT_TRUE(is_utf8(text)) << text;
  }
}

TEST(Utf8, RefusesTheRest) {
  for (const auto text :
       {"\x80"sv, "\xBF"sv, "\xC0\x80"sv, "\xC1\xBF"sv, "\xE0\x9F\xBF"sv, "\xF0\x8F\xBF\xBF"sv,
        "\xED\xA0\x80"sv, "\xED\xBF\xBF"sv, "\xF4\x90\x80\x80"sv, "\xF5\x80\x80\x80"sv, "\xFF"sv,
        "\xC3"sv, "\xE2\x82"sv, "\xF0\x9F\x8F"sv, "\xC3x"sv, "\xE2\x82x"sv}) {
    EXPECT_FALSE(is_utf8(text));
    EXPECT_FALSE(is_utf8("12345678" + std::string(text)));
    EXPECT_FALSE(is_utf8(std::string(text) + "12345678"));
  }
}

}  // namespace
}  // namespace quiver
