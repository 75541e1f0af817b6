// What a steady-state request costs this room: no allocation, with and without a body.

#include <cstdlib>
#include <new>
#include <thread>

#include <gtest/gtest.h>

#include "origin/scripted_origin.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SIGNET_ALLOCATIONS_ARE_NOT_OURS 1
#endif
#endif

#ifndef SIGNET_ALLOCATIONS_ARE_NOT_OURS

namespace {
thread_local std::size_t allocations = 0;

void* counted(std::size_t bytes) {
  ++allocations;
  if (void* memory = std::malloc(bytes)) return memory;
  throw std::bad_alloc();
}
}  // namespace

void* operator new(std::size_t bytes) {
  return counted(bytes);
}
void* operator new[](std::size_t bytes) {
  return counted(bytes);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace signet::origin {
namespace {

// Answers every request on one connection the same way, on a thread of its own.
class BlockingServer {
 public:
  explicit BlockingServer(std::string answer) : answer_(std::move(answer)) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in any{};
    any.sin_family = AF_INET;
    any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof any;
    auto* at = reinterpret_cast<sockaddr*>(&any);
    if (bind(listener_, at, length) != 0 || listen(listener_, 4) != 0 ||
        getsockname(listener_, at, &length) != 0) {
      std::abort();
    }
    address = runtime::Address(at, length);
    thread_ = std::thread([this] { serve(); });
  }
  ~BlockingServer() {
    thread_.join();
    close(listener_);
  }
  runtime::Address address;

 private:
  void serve() {
    const int fd = accept(listener_, nullptr, nullptr);
    std::vector<char> room(65'536);
    while (recv(fd, room.data(), room.size(), 0) > 0) {
      if (::send(fd, answer_.data(), answer_.size(), MSG_NOSIGNAL) < 0) break;
    }
    close(fd);
  }

  const std::string answer_;
  int listener_;
  std::thread thread_;
};

// The body "hello", as often as it is asked for.
class Hello final : public http::ByteSource {
 public:
  explicit Hello(runtime::BlockPool& blocks) : blocks_(blocks) {}
  runtime::Task<std::expected<runtime::Buffer, http::BodyError>> read(std::size_t) override {
    co_return runtime::Buffer::copy_of(blocks_, "hello");
  }
  std::optional<std::uint64_t> length() const override { return 5; }
  void stop() override {}

 private:
  runtime::BlockPool& blocks_;
};

struct Count {
  std::size_t allocations = 0;
  std::size_t bytes = 0;
  bool done = false;
};

runtime::Task<void> ask_often(Origin& origin, runtime::EventLoop& loop, bool with_body, int warm,
                              int counted, Count& count) {
  Hello hello(loop.blocks());
  std::size_t before = 0;
  for (int i = 0; i < warm + counted; ++i) {
    if (i == warm) before = allocations;
    runtime::Arena arena(loop.blocks());
    Outgoing outgoing(arena);
    outgoing.method = with_body ? "POST" : "GET";
    outgoing.path = "/api/2.0/mlflow/experiments/get";
    outgoing.query = "experiment_id=0";
    outgoing.fields.add("accept", "*/*");
    outgoing.fields.add("user-agent", "mlflow-python-client/3.17.2");
    outgoing.has_body = with_body;
    outgoing.length = 5;
    auto incoming = co_await origin.send(outgoing, &hello, nullptr);
    if (!incoming) break;
    while (true) {
      auto piece = co_await incoming->body().read(64 * 1024);
      if (!piece || piece->empty()) break;
      count.bytes += piece->size();
    }
  }
  count.allocations = allocations - before;
  count.done = true;
}

TEST(HotPath, ASteadyRequestAllocatesNothing) {
  const std::string text(1000, 'x');
  for (const bool with_body : {false, true}) {
    for (const std::string& answer :
         {ok(text), ok(std::string(100'000, 'x')),
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n" + text +
              "\r\n0\r\n\r\n"}) {
      const BlockingServer server(answer);
      runtime::SystemClock clock;
      runtime::EventLoop loop(clock);
      FixedResolver resolver(loop);
      resolver.addresses = {server.address};
      Settings settings;
      settings.host = "127.0.0.1";
      settings.port = server.address.port();
      Count count;
      {
        Origin origin(loop, settings, resolver);
        runtime::TaskSet tasks(loop);
        tasks.start(ask_often(origin, loop, with_body, 50, 500, count));
        while (!count.done)
          loop.run_once(std::chrono::milliseconds(100));
      }
      EXPECT_EQ(count.allocations, 0u);
      EXPECT_EQ(count.bytes, 550 * (answer.size() > 10'000 ? 100'000u : 1000u));
    }
  }
}

}  // namespace
}  // namespace signet::origin

#endif
