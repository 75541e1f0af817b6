// Latency under load, measured on loopback: open loop (requests are due on a fixed schedule,
// staggered, and measured from the moment they were due, so that a stalled server is not excused)
// or closed loop (a connection sends when its answer has come). Prints one line of JSON.
//
// `p99_us` is over all requests. `p99_window_us` is the median over windows of 100 ms of each one's
// p99: on a virtual machine whose host takes a core away for 5 ms now and then, a few such moments
// decide the one, while they touch few windows of the other.
#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>
#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

using Clock = std::chrono::steady_clock;
using Time = Clock::time_point;
constexpr auto kWindow = std::chrono::milliseconds(100);
constexpr std::size_t kFewInWindow = 50;  // such a window says nothing

struct Options {
  std::uint16_t port = 0;
  std::string path = "/";
  std::size_t connections = 8;
  double rate = 0;  // requests a second; 0: closed loop
  double seconds = 5;
  std::size_t body = 0;              // bytes to POST; 0: GET
  std::vector<std::string> headers;  // "Name: value"
};

std::string request_of(const Options& options) {
  std::string head = fmt::format("{} {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nUser-Agent: load\r\n",
                                 options.body == 0 ? "GET" : "POST", options.path, options.port);
  for (const std::string& header : options.headers)
    head += header + "\r\n";
  if (options.body > 0) {
    head += fmt::format("Content-Type: application/json\r\nContent-Length: {}\r\n", options.body);
  }
  return head + "\r\n" + std::string(options.body, 'x');
}

int connect_to(std::uint16_t port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("cannot connect");
  }
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  return fd;
}

// One connection with at most one request under way.
class Connection {
 public:
  explicit Connection(std::uint16_t port) : fd_(connect_to(port)) {}
  ~Connection() { close(fd_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  int fd() const { return fd_; }
  Time due() const { return due_; }
  bool ok() const { return head_.starts_with("HTTP/1.1 200"); }

  void send(const std::string& request, Time due) {
    due_ = due;
    head_.clear();
    has_head_ = false;
    std::string_view left = request;
    while (!left.empty()) {
      ssize_t sent = ::send(fd_, left.data(), left.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EAGAIN) continue;
      if (sent <= 0) throw std::runtime_error("the connection broke");
      left.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  // Whether the answer is complete now.
  bool receive(std::vector<char>& room) {
    while (true) {
      ssize_t got = recv(fd_, room.data(), room.size(), 0);
      if (got < 0 && errno == EAGAIN) return false;
      if (got <= 0) throw std::runtime_error("the connection broke");
      auto bytes = static_cast<std::size_t>(got);
      if (has_head_) {
        left_ -= bytes;
      } else {
        head_.append(room.data(), bytes);
        std::size_t end = head_.find("\r\n\r\n");
        if (end == std::string::npos) continue;
        has_head_ = true;
        left_ = length() - (head_.size() - end - 4);
      }
      if (left_ == 0) return true;
    }
  }

 private:
  std::size_t length() const {
    for (std::string_view name : {"\r\ncontent-length: ", "\r\nContent-Length: "}) {
      std::size_t at = head_.find(name);
      if (at != std::string::npos) return std::stoul(head_.substr(at + name.size()));
    }
    throw std::runtime_error("an answer without Content-Length: " + head_.substr(0, 300));
  }

  int fd_;
  Time due_;
  std::string head_;
  bool has_head_ = false;
  std::size_t left_ = 0;
};

// The value at `quantile` of what is sorted, in microseconds.
double at_quantile(const std::vector<std::int64_t>& sorted, double quantile) {
  if (sorted.empty()) return 0.0;
  auto index = static_cast<std::size_t>(quantile * static_cast<double>(sorted.size() - 1));
  return static_cast<double>(sorted[index]) / 1000;
}

class Load {
 public:
  explicit Load(const Options& options)
      : options_(options),
        request_(request_of(options)),
        epoll_(epoll_create1(EPOLL_CLOEXEC)),
        room_(256 * 1024) {
    for (std::size_t i = 0; i < options.connections; ++i) {
      connections_.push_back(std::make_unique<Connection>(options.port));
      epoll_event event{};
      event.events = EPOLLIN | EPOLLET;
      event.data.ptr = connections_.back().get();
      epoll_ctl(epoll_, EPOLL_CTL_ADD, connections_.back()->fd(), &event);
      idle_.push_back(connections_.back().get());
    }
  }
  ~Load() { close(epoll_); }

  void run() {
    Time start = Clock::now();
    Time end = start + std::chrono::duration_cast<Clock::duration>(
                           std::chrono::duration<double>(options_.seconds));
    auto gap = std::chrono::duration_cast<Clock::duration>(
        std::chrono::duration<double>(options_.rate > 0 ? 1 / options_.rate : 0));
    Time next = start;
    while (Clock::now() < end) {
      if (options_.rate > 0) {
        for (; next <= Clock::now(); next += gap)
          due_.push_back(next);
        while (!idle_.empty() && !due_.empty()) {
          begin(due_.front());
          due_.pop_front();
        }
      } else {
        while (!idle_.empty())
          begin(Clock::now());
      }
      // Not spun away: the origin and uploads share this core, and spinning would starve them.
      take_answers(options_.rate > 0 ? next - Clock::now() : std::chrono::milliseconds(10));
    }
  }

  void report() {
    close_window();
    std::ranges::sort(latencies_);
    std::ranges::sort(window_p99s_);
    const double window = window_p99s_.empty() ? at_quantile(latencies_, 0.99)
                                               : window_p99s_[window_p99s_.size() / 2];
    fmt::print(
        "{{\"requests\": {}, \"bad\": {}, \"unsent\": {}, \"rps\": {:.0f}, \"p50_us\": {:.1f}, "
        "\"p90_us\": {:.1f}, \"p99_us\": {:.1f}, \"p999_us\": {:.1f}, \"p99_window_us\": "
        "{:.1f}}}\n",
        latencies_.size(), bad_, due_.size(),
        static_cast<double>(latencies_.size()) / options_.seconds, at_quantile(latencies_, 0.5),
        at_quantile(latencies_, 0.9), at_quantile(latencies_, 0.99), at_quantile(latencies_, 0.999),
        window);
  }

 private:
  void begin(Time due) {
    Connection* connection = idle_.front();
    idle_.pop_front();
    connection->send(request_, due);
  }

  void take_answers(Clock::duration wait) {
    std::array<epoll_event, 64> events;
    const auto nanoseconds = std::max<std::int64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(wait).count(), 0);
    const timespec timeout{nanoseconds / 1'000'000'000, nanoseconds % 1'000'000'000};
    int count =
        epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), &timeout, nullptr);
    for (int i = 0; i < count; ++i) {
      auto* connection = static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
      if (!connection->receive(room_)) continue;
      const Time now = Clock::now();
      latencies_.push_back((now - connection->due()).count());
      if (now - window_began_ >= kWindow) {
        close_window();
        window_began_ = now;
      }
      window_.push_back(latencies_.back());
      if (!connection->ok()) ++bad_;
      idle_.push_back(connection);
    }
  }

  void close_window() {
    if (window_.size() >= kFewInWindow) {
      std::ranges::sort(window_);
      window_p99s_.push_back(at_quantile(window_, 0.99));
    }
    window_.clear();
  }

  Options options_;
  std::string request_;
  int epoll_;
  std::vector<char> room_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::deque<Connection*> idle_;
  std::deque<Time> due_;
  std::vector<std::int64_t> latencies_;
  Time window_began_ = Clock::now();
  std::vector<std::int64_t> window_;
  std::vector<double> window_p99s_;
  std::size_t bad_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Latency of an HTTP server on loopback.");
  Options options;
  app.add_option("--port", options.port)->required();
  app.add_option("--path", options.path);
  app.add_option("--connections", options.connections)->check(CLI::Range(1, 4096));
  app.add_option("--rate", options.rate, "requests a second, open loop; 0: closed loop");
  app.add_option("--seconds", options.seconds)->check(CLI::Range(0.1, 120.0));
  app.add_option("--body", options.body, "bytes to POST; 0: GET");
  app.add_option("--header", options.headers, "of every request; may be given several times");
  CLI11_PARSE(app, argc, argv);
  // Timers to the point; the usual slack is 50 us.
  prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
  try {
    Load load(options);
    load.run();
    load.report();
  } catch (const std::exception& error) {
    fmt::print(stderr, "load: {}\n", error.what());
    return 1;
  }
  return 0;
}
