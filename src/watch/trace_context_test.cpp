#include "watch/trace_context.h"

#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace signet::watch {
namespace {

constexpr std::string_view kGood = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

std::string text(const TraceParent& trace) {
  TraceParentText chars = traceparent_text(trace);
  return {chars.data(), chars.size()};
}

TEST(TraceParent, Parses) {
  auto trace = parse_traceparent(kGood);
  ASSERT_TRUE(trace);
  EXPECT_EQ(trace->trace(), "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(trace->parent(), "b7ad6b7169203331");
  EXPECT_EQ(trace->flags, 1);
  EXPECT_EQ(text(*trace), kGood);
  // A later version: what we know of it.
  std::string later(kGood);
  later.replace(0, 2, "cc");
  for (std::string more : {"", "-", "-what the future brings"}) {
    auto future = parse_traceparent(later + more);
    ASSERT_TRUE(future) << more;
    EXPECT_EQ(text(*future), kGood);
  }
  EXPECT_FALSE(parse_traceparent(later + ".x"));
}

TEST(TraceParent, Refuses) {
  std::vector<std::string> bad{"", "00", std::string(kGood) + "-", std::string(kGood) + "0",
                               " " + std::string(kGood)};
  auto changed = [&](std::size_t at, std::string_view with) {
    std::string value(kGood);
    value.replace(at, with.size(), with);
    bad.push_back(value);
  };
  for (std::size_t length = 0; length < kGood.size(); ++length) {
    bad.emplace_back(kGood.substr(0, length));
  }
  changed(0, "ff");
  changed(0, "0g");
  changed(0, "0A");
  changed(3, "00000000000000000000000000000000");
  changed(3, "A");
  changed(3, "-");
  changed(36, "0000000000000000");
  changed(40, "G");
  changed(53, "0x");
  changed(54, " ");
  for (std::size_t dash : {2u, 35u, 52u})
    changed(dash, "_");
  for (const std::string& value : bad)
    EXPECT_FALSE(parse_traceparent(value)) << value;
}

TEST(TraceState, Members) {
  std::string many = "a=1";
  for (int i = 1; i < 32; ++i)
    many += ",k" + std::to_string(i) + "=v";
  std::string long_key = "k" + std::string(255, 'a') + "=1";
  for (const std::string& good :
       {std::string("a=1"), std::string("rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"),
        std::string("a=1 ,\tb=2"), std::string("a=1,,b=2,"), std::string("0tenant@sys=v"),
        std::string("a_-*/9=~ !"), many, long_key}) {
    EXPECT_TRUE(is_passable_tracestate(good)) << good;
  }
  std::string system_too_long = "t@" + std::string(15, 's') + "=v";
  for (const std::string& bad :
       {std::string(), std::string(","), std::string("a"), std::string("=1"), std::string("a="),
        std::string("A=1"), std::string("9=1"), std::string("a=1=2"), std::string("a=\x7f"),
        std::string("a=\n"), std::string("t@=v"), std::string("@s=v"), std::string("t@9=v"),
        std::string("t@s@u=v"), many + ",z=1", "k" + long_key, system_too_long,
        "a=" + std::string(257, 'v'),
        "a=" + std::string(256, 'v') + ",b=" + std::string(256, 'v')}) {
    EXPECT_FALSE(is_passable_tracestate(bad)) << bad;
  }
}

TEST(IdGenerator, IdsAreLawfulAndDiffer) {
  IdGenerator ids(7);
  IdGenerator same(7);
  IdGenerator other(8);
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    auto id = ids.request_id();
    std::string id_text(id.data(), id.size());
    EXPECT_EQ(id_text.find_first_not_of("0123456789abcdef"), std::string::npos);
    EXPECT_TRUE(seen.insert(id_text).second);
    auto again = same.request_id();
    EXPECT_EQ(id_text, std::string_view(again.data(), again.size()));
    auto others = other.request_id();
    EXPECT_TRUE(seen.insert(std::string(others.data(), others.size())).second);
  }
  TraceParent fresh = ids.new_trace();
  EXPECT_TRUE(parse_traceparent(text(fresh)));
  EXPECT_EQ(fresh.flags, 0);
  EXPECT_EQ(ids.new_trace(true).flags, 1);
  TraceParent parent = *parse_traceparent(kGood);
  parent.flags = 0xFF;
  TraceParent child = ids.child_of(parent);
  EXPECT_EQ(child.trace(), parent.trace());
  EXPECT_NE(child.parent(), parent.parent());
  EXPECT_EQ(child.flags, 1);
  EXPECT_TRUE(parse_traceparent(text(child)));
}

}  // namespace
}  // namespace signet::watch
