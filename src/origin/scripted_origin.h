#pragma once

// For this room's tests: an origin that follows a script, and what is needed to ask it.

#include <algorithm>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "origin/origin.h"
#include "runtime/event_loop.h"
#include "runtime/socket.h"
#include "runtime/task_set.h"
#include "runtime/tls.h"

namespace signet::origin {

// What a scripted origin does next on a connection.
struct Act {
  enum class Kind : std::uint8_t {
    head,       // read up to an empty line
    head_soon,  // the same, but close after 5 s in which nothing came, as uvicorn does
    body,       // read that many bytes
    send,       // text
    trickle,    // text, one byte per turn of the loop
    gate,       // wait until open_gate()
    finish,     // end our direction
    hard,       // from now on closing means RST
    cut,        // end our direction of TCP without a word from TLS
    drain       // read until the other side ends
  };
  Kind kind;
  std::string text;
  std::size_t bytes = 0;
};
inline Act head() {
  return {Act::Kind::head, {}};
}
inline Act head_soon() {
  return {Act::Kind::head_soon, {}};
}
inline Act body(std::size_t bytes) {
  return {Act::Kind::body, {}, bytes};
}
inline Act send(std::string text) {
  return {Act::Kind::send, std::move(text)};
}
inline Act trickle(std::string text) {
  return {Act::Kind::trickle, std::move(text)};
}
inline Act gate() {
  return {Act::Kind::gate, {}};
}
inline Act finish() {
  return {Act::Kind::finish, {}};
}
inline Act hard() {
  return {Act::Kind::hard, {}};
}
inline Act cut() {
  return {Act::Kind::cut, {}};
}
inline Act drain() {
  return {Act::Kind::drain, {}};
}
using Script = std::vector<Act>;

inline std::string ok(std::string_view text) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(text.size()) + "\r\n\r\n" +
         std::string(text);
}

// Listens on 127.0.0.1. The n-th connection gets the n-th script, further ones the last; at a
// script's end the connection is closed.
class ScriptedOrigin {
 public:
  ScriptedOrigin(runtime::EventLoop& loop, std::vector<Script> scripts, SSL_CTX* tls = nullptr)
      : loop_(loop), scripts_(std::move(scripts)), tls_(tls), tasks_(loop) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_in any{};
    any.sin_family = AF_INET;
    any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof any;
    if (bind(listener_, reinterpret_cast<sockaddr*>(&any), length) != 0 ||
        listen(listener_, 64) != 0 ||
        getsockname(listener_, reinterpret_cast<sockaddr*>(&any), &length) != 0 ||
        !loop.watch(listener_, watch_)) {
      std::abort();
    }
    address_ = runtime::Address(reinterpret_cast<sockaddr*>(&any), length);
    tasks_.start(accept_all());
  }
  ~ScriptedOrigin() {
    tasks_.cancel_all();
    close(listener_);
  }

  runtime::Address address() const { return address_; }
  std::uint16_t port() const { return address_.port(); }
  void open_gate() {
    gate_open_ = true;
    gate_.wake_all();
  }

  std::size_t connections = 0;
  std::size_t connections_ended = 0;  // scripts that came to their end, or whose client went
  std::size_t resumed = 0;            // TLS handshakes that resumed a session
  std::vector<std::string> heads;     // as they came, one per head()
  std::vector<std::string> server_names;
  std::string first_read;  // what the newest connection's first read gave
  std::string bodies;      // what body() and drain() read

 private:
  runtime::Task<void> accept_all() {
    while (true) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) {
        co_await watch_.readers.wait(loop_);
        continue;
      }
      const std::size_t index = std::min(connections++, scripts_.size() - 1);
      tasks_.start(serve(runtime::Socket::adopt(loop_, fd), scripts_[index]));
    }
  }

  runtime::Task<void> serve(std::unique_ptr<runtime::Socket> socket, const Script& script) {
    runtime::Socket* raw = socket.get();
    std::unique_ptr<runtime::Stream> stream;
    if (tls_ == nullptr) {
      stream = std::move(socket);
    } else {
      SSL* ssl = SSL_new(tls_);
      SSL_set_accept_state(ssl);
      auto secure = std::make_unique<runtime::TlsStream>(std::move(socket), ssl);
      auto agreed = co_await secure->handshake(runtime::kNever);
      if (!agreed) {
        ++connections_ended;
        co_return;
      }
      if (secure->resumed()) ++resumed;
      const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
      server_names.emplace_back(name == nullptr ? "" : name);
      stream = std::move(secure);
    }
    co_await follow(*stream, *raw, script);
    ++connections_ended;
  }

  runtime::Task<void> follow(runtime::Stream& stream, runtime::Socket& raw, const Script& script) {
    std::string unread;
    first_read.clear();
    for (const Act& act : script) {
      switch (act.kind) {
        case Act::Kind::head:
        case Act::Kind::head_soon: {
          const runtime::Time deadline =
              act.kind == Act::Kind::head ? runtime::kNever : loop_.now() + std::chrono::seconds(5);
          std::size_t end;
          while ((end = unread.find("\r\n\r\n")) == std::string::npos) {
            if (!co_await more(stream, unread, deadline)) co_return;
          }
          heads.push_back(unread.substr(0, end + 4));
          unread.erase(0, end + 4);
          break;
        }
        case Act::Kind::body:
          while (unread.size() < act.bytes) {
            if (!co_await more(stream, unread)) co_return;
          }
          bodies += unread.substr(0, act.bytes);
          unread.erase(0, act.bytes);
          break;
        case Act::Kind::send: {
          auto sent = co_await runtime::write_all(stream, act.text, std::chrono::hours(9));
          if (!sent) co_return;
          break;
        }
        case Act::Kind::trickle:
          for (const char& c : act.text) {
            auto sent = co_await runtime::write_all(stream, {&c, 1}, std::chrono::hours(9));
            if (!sent) co_return;
            co_await loop_.yield();
          }
          break;
        case Act::Kind::gate:
          while (!gate_open_)
            co_await gate_.wait(loop_);
          break;
        case Act::Kind::finish: stream.shutdown_write(); break;
        case Act::Kind::hard: raw.reset_on_close(); break;
        case Act::Kind::cut: raw.shutdown_write(); break;
        case Act::Kind::drain:
          while (co_await more(stream, unread)) {
          }
          bodies += unread;
          unread.clear();
          break;
      }
    }
  }

  runtime::Task<bool> more(runtime::Stream& stream, std::string& into,
                           runtime::Time deadline = runtime::kNever) {
    std::vector<char> room(64 * 1024);
    auto got = co_await runtime::read_some(stream, room, deadline);
    if (got) into.append(room.data(), *got);
    if (got && first_read.empty()) first_read = into;
    co_return got.has_value();
  }

  runtime::EventLoop& loop_;
  const std::vector<Script> scripts_;
  SSL_CTX* tls_;
  int listener_ = -1;
  runtime::Watch watch_;
  runtime::Address address_;
  bool gate_open_ = false;
  runtime::WaitList gate_;
  runtime::TaskSet tasks_;
};

// Gives the addresses a test wants, at once or never.
class FixedResolver final : public Resolver {
 public:
  explicit FixedResolver(runtime::EventLoop& loop) : loop_(loop) {}
  runtime::Task<std::expected<Addresses, ResolveError>> resolve(std::string, std::uint16_t,
                                                                runtime::Time deadline) override {
    ++asked;
    if (hangs) co_await loop_.sleep_until(deadline);
    if (hangs || addresses.empty()) co_return std::unexpected(ResolveError{"no such name"});
    co_return addresses;
  }
  Addresses addresses;
  bool hangs = false;
  std::size_t asked = 0;

 private:
  runtime::EventLoop& loop_;
};

// A request's body in pieces; may wait for its gate before a piece, and may end in an error.
class PiecewiseBody final : public http::ByteSource {
 public:
  PiecewiseBody(runtime::EventLoop& loop, std::vector<std::string> pieces)
      : loop_(loop), pieces_(std::move(pieces)) {}

  runtime::Task<std::expected<runtime::Buffer, http::BodyError>> read(std::size_t) override {
    ++reads;
    while (next_ >= gate_before && !gate_open)
      co_await gate.wait(loop_);
    if (next_ < pieces_.size()) {
      co_return runtime::Buffer::copy_of(loop_.blocks(), pieces_[next_++]);
    }
    if (error) co_return std::unexpected(*error);
    co_return runtime::Buffer();
  }
  std::optional<std::uint64_t> length() const override { return std::nullopt; }
  void stop() override { stopped = true; }

  std::size_t reads = 0;
  std::size_t gate_before = SIZE_MAX;
  bool gate_open = false;
  runtime::WaitList gate;
  bool stopped = false;
  std::optional<http::BodyError> error;

 private:
  runtime::EventLoop& loop_;
  std::vector<std::string> pieces_;
  std::size_t next_ = 0;
};

// What came of one request.
struct Outcome {
  bool done = false;
  std::optional<SendError> error;
  int status = 0;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;
  std::optional<http::BodyError> body_error;
  bool reused = false;
  Timings timings;
};

// One request to be asked, and how the answer is to be read.
struct Question {
  std::string method = "GET";
  std::string path = "/a";
  std::string query;
  std::vector<std::pair<std::string, std::string>> fields;
  http::ByteSource* body = nullptr;
  std::optional<std::uint64_t> length;
  Stamp* stamp = nullptr;
  std::size_t read_at_most = 64 * 1024;
  bool read_body = true;

  Question() = default;
  explicit Question(std::string with_method) : method(std::move(with_method)) {}
};

inline runtime::Task<void> ask(Origin& origin, runtime::EventLoop& loop, Question question,
                               Outcome& outcome) {
  runtime::Arena arena(loop.blocks());
  Outgoing outgoing(arena);
  outgoing.method = question.method;
  outgoing.path = question.path;
  outgoing.query = question.query;
  for (const auto& [name, value] : question.fields)
    outgoing.fields.add(name, value);
  outgoing.has_body = question.body != nullptr;
  outgoing.length = question.length;
  auto incoming = co_await origin.send(outgoing, question.body, question.stamp);
  if (incoming) {
    outcome.status = incoming->status();
    outcome.reused = incoming->reused();
    outcome.timings = incoming->timings();
    for (const http::Field& field : incoming->fields())
      outcome.fields.emplace_back(field.name, field.value);
    while (question.read_body) {
      auto piece = co_await incoming->body().read(question.read_at_most);
      if (!piece) outcome.body_error = piece.error();
      if (!piece || piece->empty()) break;
      outcome.body += piece->view();
    }
  } else {
    outcome.error = std::move(incoming).error();
  }
  outcome.done = true;
}

// A loop with a clock that stands still, and an origin to ask.
struct Rig {
  runtime::ManualClock clock;
  runtime::EventLoop loop{clock};
  FixedResolver resolver{loop};
  Settings settings;
  std::unique_ptr<ScriptedOrigin> upstream;
  std::unique_ptr<Origin> origin;
  std::optional<runtime::TaskSet> tasks{std::in_place, loop};

  explicit Rig(std::vector<Script> scripts = {{}}, SSL_CTX* tls = nullptr) {
    upstream = std::make_unique<ScriptedOrigin>(loop, std::move(scripts), tls);
    settings.name = "test";
    settings.host = "127.0.0.1";
    settings.port = upstream->port();
    settings.connections = 4;
    resolver.addresses = {upstream->address()};
  }
  ~Rig() {
    tasks.reset();
    origin.reset();
    upstream.reset();
  }

  Origin& made() {
    if (!origin) origin = std::make_unique<Origin>(loop, settings, resolver);
    return *origin;
  }
  runtime::TaskSet::Entry* start(const Question& question, Outcome& outcome) {
    return tasks->start(ask(made(), loop, question, outcome));
  }
  // Turns the loop until the condition holds; false when it does not come true.
  bool turn_until(const std::function<bool()>& condition) {
    for (int turns = 0; turns < 3000; ++turns) {
      if (condition()) return true;
      loop.run_once(std::chrono::milliseconds(1));
    }
    return condition();
  }
  // Lets everything happen that can happen without time passing.
  void settle() {
    for (int turns = 0; turns < 25; ++turns)
      loop.run_once(std::chrono::milliseconds(1));
  }
  Outcome ask_now(const Question& question = Question()) {
    Outcome outcome;
    start(question, outcome);
    turn_until([&] { return outcome.done; });
    return outcome;
  }
};

}  // namespace signet::origin
