#include "http/writer.h"

#include <string>

#include <gtest/gtest.h>

#include "http/method.h"
#include "http/status.h"
#include "runtime/block_pool.h"

namespace signet::http {
namespace {

using namespace std::string_literals;

TEST(HeadWriter, WritesARequest) {
  runtime::BlockPool pool;
  runtime::Arena arena(pool);
  Fields fields(arena);
  fields.add("accept", "*/*");
  fields.add("x-own", "");
  const std::string expected =
      "POST /a%20b?c=d HTTP/1.1\r\nhost: a:80\r\naccept: */*\r\nx-own: \r\n"
      "content-length: 18446744073709551615\r\n\r\n";
  // In every size of room: either all of it, or nothing past the end and the size that is needed.
  for (std::size_t room = 0; room < expected.size() + 3; ++room) {
    std::string buffer(room + 1, '#');
    HeadWriter writer(std::span(buffer.data(), room));
    writer.request_line("POST", "/a%20b", "c=d", true);
    writer.field(FieldId::host, "a:80");
    writer.fields(fields);
    writer.field(FieldId::content_length, UINT64_MAX);
    const auto written = writer.finish();
    EXPECT_EQ(writer.size_needed(), expected.size());
    EXPECT_EQ(buffer[room], '#');
    if (room < expected.size()) {
      ASSERT_FALSE(written);
      EXPECT_EQ(written.error(), WriteError::too_small);
    } else {
      ASSERT_TRUE(written);
      EXPECT_EQ(buffer.substr(0, *written), expected);
    }
  }
}

TEST(HeadWriter, WritesStatusLines) {
  const auto line = [](int status) {
    std::array<char, 100> room;
    HeadWriter writer(room);
    writer.status_line(status);
    const auto written = writer.finish();
    return written ? std::string(room.data(), *written) : "refused";
  };
  EXPECT_EQ(line(200), "HTTP/1.1 200 OK\r\n\r\n");
  EXPECT_EQ(line(100), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(line(431), "HTTP/1.1 431 Request Header Fields Too Large\r\n\r\n");
  EXPECT_EQ(line(599), "HTTP/1.1 599 Unknown\r\n\r\n");
  EXPECT_EQ(line(99), "refused");
  EXPECT_EQ(line(1000), "refused");
}

TEST(HeadWriter, NothingCanEndALine) {
  const auto refuses = [](auto write) {
    std::array<char, 200> room;
    HeadWriter writer(room);
    write(writer);
    writer.field(FieldId::accept, "fine");
    const auto written = writer.finish();
    return !written && written.error() == WriteError::forbidden_byte;
  };
  for (const std::string& value :
       {"a\rb"s, "a\nb"s, "a\0b"s, "\x7f"s, "\x1b"s, "a value that is long enough\r\nx: y"s}) {
    EXPECT_TRUE(refuses([&](HeadWriter& writer) { writer.field("x", value); }));
    EXPECT_TRUE(refuses([&](HeadWriter& writer) { writer.field(FieldId::host, value); }));
  }
  for (const std::string& name : {""s, "a b"s, "a:"s, "a\r\n"s, "caf\xc3\xa9"s}) {
    EXPECT_TRUE(refuses([&](HeadWriter& writer) { writer.field(name, "v"); }));
  }
  EXPECT_TRUE(refuses([](HeadWriter& writer) { writer.field(FieldId::unknown, "v"); }));
  for (const std::string& part : {"/a b"s, "/a\rb"s, "/a\nb"s, "/\x80"s, "/\0"s}) {
    EXPECT_TRUE(refuses([&](HeadWriter& writer) { writer.request_line("GET", part, "", false); }));
    EXPECT_TRUE(refuses([&](HeadWriter& writer) { writer.request_line("GET", "/", part, true); }));
  }
  EXPECT_TRUE(refuses([](HeadWriter& writer) { writer.request_line("GET", "", "", false); }));
  EXPECT_TRUE(refuses([](HeadWriter& writer) { writer.request_line("G T", "/", "", false); }));
  EXPECT_FALSE(refuses([](HeadWriter& writer) { writer.field("x", "tab\tand \xc3\xa9"); }));
}

TEST(Vocabulary, MethodsAndPhrases) {
  for (const std::string_view name :
       {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"}) {
    EXPECT_NE(method_from(name), Method::other) << name;
    EXPECT_EQ(to_string(method_from(name)), name);
  }
  for (const std::string_view name : {"get", "OTHER", "", "GETS"}) {
    EXPECT_EQ(method_from(name), Method::other) << name;
  }
  EXPECT_EQ(reason_phrase(421), "Misdirected Request");
}

}  // namespace
}  // namespace signet::http
