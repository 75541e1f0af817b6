#include "files/respond.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "http/recorded_exchange.h"

namespace signet::files {
namespace {

using http::Method;
using http::RecordedExchange;
using Headers = std::vector<std::pair<std::string, std::string>>;

File script() {
  File file;
  file.media_type = "text/javascript; charset=utf-8";
  file.immutable = true;
  file.identity = {"0123456789", "\"plain\""};
  file.gzip = {"GZIP", "\"gz\""};
  file.br = {"BR", "\"br\""};
  return file;
}

File page() {
  File file;
  file.media_type = "text/html; charset=utf-8";
  file.page = true;
  file.identity = {"<p>hello", "\"page\""};
  return file;
}

constexpr std::string_view kPolicy = "default-src 'none'";

runtime::Task<void> respond_into(RecordedExchange& exchange, const File& file,
                                 std::span<const http::Field> extra, std::optional<Served>& out) {
  out = co_await respond(exchange.request, exchange.reply, file, kPolicy, extra);
}

Served serve(RecordedExchange& exchange, const File& file,
             std::span<const http::Field> extra = {}) {
  std::optional<Served> served;
  EXPECT_TRUE(exchange.run(respond_into(exchange, file, extra, served)));
  return *served;
}

struct Case {
  std::string_view name;
  Method method;
  Headers headers;
  int status;
  std::string body;
  std::optional<std::uint64_t> length;
  std::string content_encoding = "(none)";
  std::string content_range = "(none)";
  std::string etag = "\"plain\"";
};

TEST(Respond, NegotiatesConditionsAndRanges) {
  const std::vector<Case> cases{
      {"plain", Method::get, {}, 200, "0123456789", 10},
      {"head", Method::head, {}, 200, "", 10},
      {"br",
       Method::get,
       {{"accept-encoding", "gzip, br"}},
       200,
       "BR",
       2,
       "br",
       "(none)",
       "\"br\""},
      {"gzip",
       Method::get,
       {{"accept-encoding", "gzip, br;q=0"}},
       200,
       "GZIP",
       4,
       "gzip",
       "(none)",
       "\"gz\""},
      {"head br", Method::head, {{"accept-encoding", "br"}}, 200, "", 2, "br", "(none)", "\"br\""},
      {"unknown coding", Method::get, {{"accept-encoding", "zstd"}}, 200, "0123456789", 10},

      {"same", Method::get, {{"if-none-match", "\"plain\""}}, 304, "", std::nullopt},
      {"same, head", Method::head, {{"if-none-match", "\"plain\""}}, 304, "", std::nullopt},
      {"same in list",
       Method::get,
       {{"if-none-match", "\"x\", W/\"plain\""}},
       304,
       "",
       std::nullopt},
      {"star", Method::get, {{"if-none-match", "*"}}, 304, "", std::nullopt},
      {"other", Method::get, {{"if-none-match", "\"br\""}}, 200, "0123456789", 10},
      {"tag of the coding",
       Method::get,
       {{"if-none-match", "\"br\""}, {"accept-encoding", "br"}},
       304,
       "",
       std::nullopt,
       "(none)",
       "(none)",
       "\"br\""},
      {"tag of another coding",
       Method::get,
       {{"if-none-match", "\"gz\""}, {"accept-encoding", "br"}},
       200,
       "BR",
       2,
       "br",
       "(none)",
       "\"br\""},

      {"range", Method::get, {{"range", "bytes=2-4"}}, 206, "234", 3, "(none)", "bytes 2-4/10"},
      {"first byte", Method::get, {{"range", "bytes=0-0"}}, 206, "0", 1, "(none)", "bytes 0-0/10"},
      {"open range", Method::get, {{"range", "bytes=7-"}}, 206, "789", 3, "(none)", "bytes 7-9/10"},
      {"suffix", Method::get, {{"range", "bytes=-2"}}, 206, "89", 2, "(none)", "bytes 8-9/10"},
      {"past the end",
       Method::get,
       {{"range", "bytes=8-99"}},
       206,
       "89",
       2,
       "(none)",
       "bytes 8-9/10"},
      {"suffix too long",
       Method::get,
       {{"range", "bytes=-99"}},
       206,
       "0123456789",
       10,
       "(none)",
       "bytes 0-9/10"},
      {"range of the coding",
       Method::get,
       {{"range", "bytes=1-"}, {"accept-encoding", "gzip"}},
       206,
       "ZIP",
       3,
       "gzip",
       "bytes 1-3/4",
       "\"gz\""},
      {"outside", Method::get, {{"range", "bytes=10-"}}, 416, "", 0, "(none)", "bytes */10"},
      {"no suffix", Method::get, {{"range", "bytes=-0"}}, 416, "", 0, "(none)", "bytes */10"},
      {"several", Method::get, {{"range", "bytes=0-1,3-4"}}, 200, "0123456789", 10},
      {"other unit", Method::get, {{"range", "lines=0-1"}}, 200, "0123456789", 10},
      {"backwards", Method::get, {{"range", "bytes=4-2"}}, 200, "0123456789", 10},
      {"rubbish", Method::get, {{"range", "bytes=-"}}, 200, "0123456789", 10},
      {"two fields",
       Method::get,
       {{"range", "bytes=0-1"}, {"range", "bytes=2-3"}},
       200,
       "0123456789",
       10},
      {"head has no ranges", Method::head, {{"range", "bytes=0-1"}}, 200, "", 10},

      {"if-range same",
       Method::get,
       {{"range", "bytes=0-1"}, {"if-range", "\"plain\""}},
       206,
       "01",
       2,
       "(none)",
       "bytes 0-1/10"},
      {"if-range other",
       Method::get,
       {{"range", "bytes=0-1"}, {"if-range", "\"old\""}},
       200,
       "0123456789",
       10},
      {"if-range weak",
       Method::get,
       {{"range", "bytes=0-1"}, {"if-range", "W/\"plain\""}},
       200,
       "0123456789",
       10},
      {"if-range date",
       Method::get,
       {{"range", "bytes=0-1"}, {"if-range", "Sun, 06 Nov 1994 08:49:37 GMT"}},
       200,
       "0123456789",
       10},
      {"if-none-match before range",
       Method::get,
       {{"range", "bytes=99-"}, {"if-none-match", "\"plain\""}},
       304,
       "",
       std::nullopt},
  };
  const File file = script();
  for (const Case& c : cases) {
    RecordedExchange exchange(c.method, "/app/x.js", c.headers);
    EXPECT_EQ(serve(exchange, file), Served::answered) << c.name;
    const http::RecordedReply& reply = exchange.reply;
    EXPECT_EQ(reply.status, c.status) << c.name;
    EXPECT_EQ(reply.body, c.body) << c.name;
    EXPECT_EQ(reply.announced, c.length) << c.name;
    EXPECT_EQ(reply.field("content-encoding"), c.content_encoding) << c.name;
    EXPECT_EQ(reply.field("content-range"), c.content_range) << c.name;
    EXPECT_EQ(reply.field("etag"), c.etag) << c.name;
    EXPECT_EQ(reply.field("vary"), "Accept-Encoding") << c.name;
    EXPECT_EQ(reply.field("cache-control"), "public, max-age=31536000, immutable") << c.name;
    EXPECT_EQ(reply.field("x-content-type-options"), "nosniff") << c.name;
    EXPECT_EQ(reply.field("cross-origin-opener-policy"), "same-origin") << c.name;
    EXPECT_EQ(reply.field("cross-origin-resource-policy"), "same-origin") << c.name;
    EXPECT_EQ(reply.field("content-security-policy"), "(none)") << c.name;
    EXPECT_TRUE(reply.finished) << c.name;
  }
}

TEST(Respond, LeavesOtherMethodsToTheCaller) {
  const File file = script();
  for (const Method method :
       {Method::post, Method::put, Method::delete_, Method::options, Method::other}) {
    RecordedExchange exchange(method);
    EXPECT_EQ(serve(exchange, file), Served::method_not_allowed);
    EXPECT_FALSE(exchange.reply.started());
  }
}

TEST(Respond, PagesCarryThePolicyAndAreAlwaysAskedForAgain) {
  const File file = page();
  const std::vector<http::Field> extra{{"x-request-id", "r1", http::FieldId::x_request_id}};
  RecordedExchange exchange(Method::get, "/app", Headers{{"accept-encoding", "br, gzip"}});
  EXPECT_EQ(serve(exchange, file, extra), Served::answered);
  EXPECT_EQ(exchange.reply.body, "<p>hello");
  EXPECT_EQ(exchange.reply.field("content-security-policy"), kPolicy);
  EXPECT_EQ(exchange.reply.field("cache-control"), "no-cache");
  EXPECT_EQ(exchange.reply.field("vary"), "(none)");
  EXPECT_EQ(exchange.reply.field("x-request-id"), "r1");
  EXPECT_EQ(exchange.reply.field("content-type"), "text/html; charset=utf-8");
}

TEST(Respond, AStandInIsNeitherKeptNorCutNorCompared) {
  const Catalogue catalogue = Catalogue::not_built();
  RecordedExchange exchange(Method::get, "/app",
                            Headers{{"if-none-match", "*"}, {"range", "bytes=0-1"}});
  EXPECT_EQ(serve(exchange, *catalogue.find("index.html")), Served::answered);
  EXPECT_EQ(exchange.reply.status, 503);
  EXPECT_EQ(exchange.reply.field("cache-control"), "no-store");
  EXPECT_EQ(exchange.reply.field("etag"), "(none)");
  EXPECT_EQ(exchange.reply.field("accept-ranges"), "(none)");
  EXPECT_TRUE(exchange.reply.body.ends_with("</html>\n"));
}

File large() {
  File file = page();
  file.identity.bytes.resize(300'000);
  for (std::size_t i = 0; i < file.identity.bytes.size(); ++i)
    file.identity.bytes[i] = static_cast<char>('a' + i % 23);
  return file;
}

TEST(Respond, SendsPieceByPieceAsTheClientTakesThem) {
  const File file = large();
  RecordedExchange exchange;
  exchange.reply.takes_bytes = false;
  std::optional<Served> served;
  EXPECT_FALSE(exchange.run(respond_into(exchange, file, {}, served)));
  // One piece is waiting; the rest of the file is nowhere.
  EXPECT_LE(exchange.loop.blocks().bytes_in_use(), std::size_t{65536 + 2 * 4096});
  exchange.reply.takes_bytes = true;
  exchange.reply.writable.wake_all();
  EXPECT_TRUE(exchange.turn_until_done());
  EXPECT_EQ(exchange.reply.body, file.identity.bytes);
  EXPECT_LE(exchange.reply.largest_piece, std::size_t{65536});
}

TEST(Respond, StopsWhenTheClientLeaves) {
  const File file = large();
  RecordedExchange exchange;
  exchange.reply.client_leaves_after = 2;
  EXPECT_EQ(serve(exchange, file), Served::answered);
  EXPECT_EQ(exchange.reply.body.size(), std::size_t{2 * 65536});
  EXPECT_FALSE(exchange.reply.finished);
}

TEST(Respond, MayBeCancelledWhileItWaits) {
  const File file = large();
  RecordedExchange exchange;
  exchange.reply.takes_bytes = false;
  std::optional<Served> served;
  EXPECT_FALSE(exchange.run(respond_into(exchange, file, {}, served)));
  exchange.tasks.cancel_all();
  exchange.arena.reset();
  EXPECT_EQ(exchange.loop.blocks().bytes_in_use(), 0u);
}

}  // namespace
}  // namespace signet::files
