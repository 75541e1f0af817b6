#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "front/client_address.h"
#include "front/connections.h"
#include "front/listener.h"
#include "runtime/frame_pool.h"
#include "runtime/socket.h"

namespace signet::front {
namespace {

using namespace std::chrono_literals;
using runtime::Task;

// Answers "METHOD PATH BODY", as chunks or with a length, and counts what it saw.
class Echo final : public http::Handler {
 public:
  Task<void> handle(http::Request& request, http::ByteSource& body, http::Reply& reply) override {
    seen.push_back(std::string(request.head.target.path));
    Guard guard(*this);
    if (request.head.target.path == "/refuse") co_return co_await answer(request, reply, 403, "no");
    if (request.head.target.path == "/hang") {
      co_await request.loop.sleep_until(request.loop.now() + 1h);
    }
    std::string text =
        std::string(request.head.method_name) + " " + std::string(request.head.target.path) + " ";
    while (true) {
      auto piece = co_await body.read(65536);
      if (!piece) {
        errors.push_back(piece.error());
        if (piece.error() == http::BodyError::gone) {
          reply.reset();
          co_return;
        }
        co_return co_await answer(request, reply, 400, "bad body");
      }
      if (piece->empty()) break;
      text += piece->view();
    }
    co_await answer(request, reply, 200, text);
  }

  Task<void> handle_malformed(http::Request& request, http::ParseError error,
                              http::Reply& reply) override {
    malformed.push_back(error);
    co_await answer(request, reply, http::status_of(error), "malformed");
  }

  Task<void> answer(http::Request& request, http::Reply& reply, int status, std::string text) {
    http::ResponseHead head(request.arena);
    head.status = status;
    bool chunked = request.head.target.path == "/chunked";
    reply.start(head, chunked ? std::nullopt : std::optional<std::uint64_t>(text.size()));
    for (std::size_t at = 0; at < text.size(); at += 60'000) {
      std::string_view part = std::string_view(text).substr(at, 60'000);
      auto sent = co_await reply.write(runtime::Buffer::copy_of(request.loop.blocks(), part));
      if (!sent) co_return;
    }
    co_await reply.finish();
  }

  struct Guard {
    explicit Guard(Echo& e) : echo(e) { ++echo.running; }
    ~Guard() { --echo.running; }
    Echo& echo;
  };
  std::vector<std::string> seen;
  std::vector<http::ParseError> malformed;
  std::vector<http::BodyError> errors;
  int running = 0;
};

class FrontTest : public ::testing::Test {
 protected:
  // A client's end of a served connection.
  int connect() {
    int fds[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    Endpoint endpoint{*runtime::Address::numeric("127.0.0.1", 1), 80, true};
    EXPECT_TRUE(per_address_.enter("127.0.0.1"));
    connections_.adopt(runtime::Socket::adopt(loop_, fds[1]), endpoint);
    return fds[0];
  }

  void turn(int times = 6) {
    for (int i = 0; i < times; ++i)
      loop_.run_once(0ns);
  }

  void advance(runtime::Duration by) {
    clock_.advance(by);
    turn();
  }

  void send(int fd, std::string_view text) {
    while (!text.empty()) {
      ssize_t sent = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EAGAIN) {
        turn(1);
        continue;
      }
      ASSERT_GT(sent, 0);
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  // All that has arrived; sets `ended_` at the end of the stream.
  std::string receive(int fd) {
    std::string all;
    std::vector<char> room(100'000);
    ended_ = false;
    while (true) {
      turn(2);
      ssize_t got = recv(fd, room.data(), room.size(), 0);
      if (got == 0) ended_ = true;
      if (got <= 0) return all;
      all.append(room.data(), static_cast<std::size_t>(got));
    }
  }

  static std::vector<std::string> statuses(std::string_view text) {
    std::vector<std::string> found;
    for (std::size_t at = text.find("HTTP/1.1 "); at != std::string_view::npos;
         at = text.find("HTTP/1.1 ", at + 1)) {
      found.emplace_back(text.substr(at + 9, 3));
    }
    return found;
  }

  runtime::ManualClock clock_;
  runtime::EventLoop loop_{clock_};
  Echo echo_;
  Settings settings_;
  PerAddress per_address_{100'000};
  Connections connections_{loop_, echo_, settings_, per_address_};
  bool ended_ = false;
};

struct Conversation {
  const char* name;
  std::string sent;
  std::vector<std::string> statuses;
  std::vector<std::string> paths;
  bool ends;
  std::string contains;
  bool whole_only = false;  // what is right depends on what has arrived
};

std::vector<Conversation> conversations() {
  std::string h = "Host: a\r\n";
  return {
      {"get", "GET /a HTTP/1.1\r\n" + h + "\r\n", {"200"}, {"/a"}, false, "GET /a "},
      {"pipelined",
       "GET /a HTTP/1.1\r\n" + h + "\r\nGET /b HTTP/1.1\r\n" + h + "\r\n",
       {"200", "200"},
       {"/a", "/b"},
       false,
       "GET /b "},
      {"close",
       "GET /a HTTP/1.1\r\n" + h + "Connection: close\r\n\r\nGET /b HTTP/1.1\r\n" + h + "\r\n",
       {"200"},
       {"/a"},
       true,
       "connection: close"},
      {"length",
       "POST /a HTTP/1.1\r\n" + h + "Content-Length: 5\r\n\r\nhelloGET /b HTTP/1.1\r\n" + h +
           "\r\n",
       {"200", "200"},
       {"/a", "/b"},
       false,
       "POST /a hello"},
      {"chunked",
       "PUT /a HTTP/1.1\r\n" + h +
           "Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nhel\r\n2\r\nlo\r\n0\r\nT: x\r\n\r\n"
           "GET /b HTTP/1.1\r\n" +
           h + "\r\n",
       {"200", "200"},
       {"/a", "/b"},
       false,
       "PUT /a hello"},
      {"empty chunked",
       "PUT /a HTTP/1.1\r\n" + h + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       {"200"},
       {"/a"},
       false,
       "PUT /a "},
      {"chunked answer",
       "GET /chunked HTTP/1.1\r\n" + h + "\r\n",
       {"200"},
       {"/chunked"},
       false,
       "transfer-encoding: chunked\r\n\r\nd\r\nGET /chunked \r\n0\r\n\r\n"},
      {"head",
       "HEAD /a HTTP/1.1\r\n" + h + "\r\nGET /b HTTP/1.1\r\n" + h + "\r\n",
       {"200", "200"},
       {"/a", "/b"},
       false,
       "content-length: 8\r\n\r\nHTTP/1.1"},
      {"1.0", "GET /a HTTP/1.0\r\n" + h + "\r\n", {"200"}, {"/a"}, true, "connection: close"},
      {"1.0 keep-alive",
       "GET /a HTTP/1.0\r\n" + h + "Connection: keep-alive\r\n\r\n",
       {"200"},
       {"/a"},
       false,
       "connection: keep-alive"},
      {"1.0 unknown length",
       "GET /chunked HTTP/1.0\r\n" + h + "Connection: keep-alive\r\n\r\n",
       {"200"},
       {"/chunked"},
       true,
       "connection: close\r\n\r\nGET /chunked "},
      {"refused, body here",
       "POST /refuse HTTP/1.1\r\n" + h + "Content-Length: 3\r\n\r\nabcGET /b HTTP/1.1\r\n" + h +
           "\r\n",
       {"403", "200"},
       {"/refuse", "/b"},
       false,
       "",
       true},
      {"refused, body outstanding",
       "POST /refuse HTTP/1.1\r\n" + h + "Content-Length: 30000\r\n\r\nabc",
       {"403"},
       {"/refuse"},
       true,
       "connection: close"},
      {"refused, chunked",
       "POST /refuse HTTP/1.1\r\n" + h +
           "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nGET /b "
           "HTTP/1.1\r\n" +
           h + "\r\n",
       {"403"},
       {"/refuse"},
       true,
       "connection: close"},
      {"bad framing",
       "POST /a HTTP/1.1\r\n" + h +
           "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabcGET /b "
           "HTTP/1.1\r\n" +
           h + "\r\n",
       {"400"},
       {},
       true,
       "connection: close"},
      {"bad chunk",
       "POST /a HTTP/1.1\r\n" + h + "Transfer-Encoding: chunked\r\n\r\nzz\r\nGET /b HTTP/1.1\r\n" +
           h + "\r\n",
       {"400"},
       {"/a"},
       true,
       "connection: close"},
      {"garbage", "\x16\x03\x01\r\n\r\n", {"400"}, {}, true, ""},
      {"http2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {}, {}, true, "malformed"},
  };
}

TEST_F(FrontTest, ConversationsAtEveryFragmentSize) {
  for (const Conversation& row : conversations()) {
    std::vector<std::size_t> sizes{1, 2, 3, 5, 7, 16, 33, 64, row.sent.size()};
    if (row.whole_only) sizes = {row.sent.size()};
    for (std::size_t size : sizes) {
      SCOPED_TRACE(std::string(row.name) + " in pieces of " + std::to_string(size));
      echo_.seen.clear();
      int fd = connect();
      std::string got;
      for (std::size_t at = 0; at < row.sent.size(); at += size) {
        ::send(fd, row.sent.data() + at, std::min(size, row.sent.size() - at), MSG_NOSIGNAL);
        turn(1);
      }
      got = receive(fd);
      if (!row.statuses.empty()) {
        EXPECT_EQ(statuses(got), row.statuses) << got;
      }
      EXPECT_EQ(echo_.seen, row.paths);
      EXPECT_NE(got.find(row.contains), std::string::npos) << got;
      EXPECT_EQ(ended_, row.ends) << got;
      close(fd);
      turn();
    }
  }
  EXPECT_EQ(connections_.size(), 0u);
}

TEST_F(FrontTest, ContinueIsSentWhenTheBodyIsFirstWanted) {
  int fd = connect();
  send(fd, "PUT /a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(receive(fd), "HTTP/1.1 100 Continue\r\n\r\n");
  send(fd, "hi");
  EXPECT_EQ(statuses(receive(fd)), (std::vector<std::string>{"200"}));
  close(fd);
  // A refusal that never reads the body sends none, and closes.
  fd = connect();
  send(fd, "PUT /refuse HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(statuses(receive(fd)), (std::vector<std::string>{"403"}));
  EXPECT_TRUE(ended_);
  close(fd);
}

TEST_F(FrontTest, ARefusedUploadIsReadAwaySoThatTheAnswerArrives) {
  int fd = connect();
  send(fd, "PUT /refuse HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\n");
  turn();
  send(fd, std::string(3'000'000, 'x'));
  EXPECT_EQ(statuses(receive(fd)), (std::vector<std::string>{"403"}));
  EXPECT_EQ(connections_.size(), 1u);
  advance(11s);
  EXPECT_EQ(connections_.size(), 0u);
  close(fd);
}

TEST_F(FrontTest, DeadlinesOfHeadBodyAndIdling) {
  struct Row {
    const char* sent;
    runtime::Duration before;
    runtime::Duration after;
  };
  for (const Row& row :
       {Row{"", 74s, 2s}, Row{"GET / HTTP/1.1\r\nHo", 9s, 2s},
        Row{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx", 29s, 2s}}) {
    SCOPED_TRACE(row.sent);
    int fd = connect();
    turn();
    send(fd, row.sent);
    turn();
    advance(row.before);
    EXPECT_EQ(connections_.size(), 1u);
    advance(row.after);
    receive(fd);
    EXPECT_TRUE(ended_);
    close(fd);
    advance(11s);
  }
}

TEST_F(FrontTest, AHalfClosedClientIsAnswered) {
  int fd = connect();
  send(fd, "GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
  shutdown(fd, SHUT_WR);
  EXPECT_EQ(statuses(receive(fd)), (std::vector<std::string>{"200"}));
  EXPECT_TRUE(ended_);
  close(fd);
  // Inside a body it is a cancellation.
  fd = connect();
  send(fd, "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx");
  shutdown(fd, SHUT_WR);
  EXPECT_EQ(receive(fd), "");
  EXPECT_EQ(echo_.errors, (std::vector<http::BodyError>{http::BodyError::gone}));
  close(fd);
}

TEST_F(FrontTest, AClientThatVanishesCancelsItsExchange) {
  int fd = connect();
  send(fd, "GET /hang HTTP/1.1\r\nHost: a\r\n\r\n");
  turn();
  EXPECT_EQ(echo_.running, 1);
  close(fd);
  turn();
  EXPECT_EQ(echo_.running, 0);
  EXPECT_EQ(connections_.size(), 0u);
}

TEST_F(FrontTest, AChunkedBodyOverTheLimitIsRefused) {
  settings_.body_bytes = 1000;
  connections_.change(settings_);
  int fd = connect();
  send(fd, "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n800\r\n");
  send(fd, std::string(0x800, 'x') + "\r\n");
  EXPECT_EQ(statuses(receive(fd)), (std::vector<std::string>{"400"}));
  EXPECT_EQ(echo_.errors, (std::vector<http::BodyError>{http::BodyError::too_large}));
  close(fd);
}

TEST_F(FrontTest, LargeBodiesBothWays) {
  int fd = connect();
  std::string body(2'000'000, '\0');
  for (std::size_t i = 0; i < body.size(); ++i)
    body[i] = static_cast<char>('a' + i % 26);
  send(fd, "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n");
  send(fd, body);
  std::string got = receive(fd);
  EXPECT_TRUE(got.ends_with(body));
  EXPECT_EQ(loop_.blocks().bytes_in_use(), 0u);
  close(fd);
}

TEST_F(FrontTest, AnIdleConnectionHoldsNoBlocksAndSmallFrames) {
  std::vector<int> fds;
  for (int i = 0; i < 100; ++i)
    fds.push_back(connect());
  turn();
  std::size_t before = runtime::frame_bytes_in_use();
  for (int fd : fds)
    send(fd, "GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
  for (int fd : fds)
    receive(fd);
  EXPECT_EQ(loop_.blocks().bytes_in_use(), 0u);
  EXPECT_EQ(runtime::frame_bytes_in_use(), before);
  EXPECT_LT(before / fds.size(), 1536u);
  for (int fd : fds)
    close(fd);
  turn();
}

TEST_F(FrontTest, DrainLetsRunningExchangesFinishAndClosesIdleOnes) {
  int idle = connect();
  int busy = connect();
  send(busy, "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nh");
  turn();
  connections_.finish_soon();
  turn();
  receive(idle);
  EXPECT_TRUE(ended_);
  send(busy, "i");
  std::string got = receive(busy);
  EXPECT_EQ(statuses(got), (std::vector<std::string>{"200"}));
  EXPECT_NE(got.find("connection: close"), std::string::npos);
  EXPECT_TRUE(ended_);
  close(idle);
  close(busy);
}

TEST(ClientAddress, FollowsOnlyTrustedProxies) {
  std::vector<config::Cidr> trusted{*config::Cidr::parse("10.0.0.0/8"),
                                    *config::Cidr::parse("2001:db8::/32")};
  struct Row {
    const char* peer;
    std::vector<const char*> forwarded;
    const char* client;
  };
  std::vector<Row> rows{
      {"192.0.2.1", {"203.0.113.9"}, "192.0.2.1"},
      {"10.0.0.1", {"203.0.113.9"}, "203.0.113.9"},
      {"10.0.0.1", {"1.2.3.4, 203.0.113.9, 10.9.9.9"}, "203.0.113.9"},
      {"10.0.0.1", {"1.2.3.4", "203.0.113.9"}, "203.0.113.9"},
      {"10.0.0.1", {"203.0.113.9:4711"}, "203.0.113.9"},
      {"10.0.0.1", {"[2001:db9::1]:4711"}, "2001:db9::1"},
      {"2001:db8::5", {"203.0.113.9"}, "203.0.113.9"},
      {"10.0.0.1", {"unknown"}, "10.0.0.1"},
      {"10.0.0.1", {"203.0.113.9, evil\"x"}, "10.0.0.1"},
      {"10.0.0.1", {""}, "10.0.0.1"},
      {"10.0.0.1", {"10.0.0.2, 10.0.0.3"}, "10.0.0.2"},
      {"10.0.0.1", {}, "10.0.0.1"},
  };
  runtime::BlockPool pool;
  for (const Row& row : rows) {
    runtime::Arena arena(pool);
    http::Fields fields(arena);
    for (const char* value : row.forwarded)
      fields.add(http::FieldId::x_forwarded_for, value);
    auto peer = *runtime::Address::numeric(row.peer, 5);
    EXPECT_EQ(client_address(peer, fields, trusted).host_text(), row.client);
  }
}

}  // namespace
}  // namespace signet::front
