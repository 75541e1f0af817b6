#include "runtime/stream.h"

namespace signet::runtime {

Task<std::expected<std::size_t, IoError>> read_some(Stream& stream, std::span<char> into,
                                                    Time deadline) {
  while (true) {
    auto got = stream.try_read(into);
    if (got && *got == 0) co_return std::unexpected(IoError::end_of_stream);
    if (got || got.error() != IoError::would_block) co_return got;
    if (co_await stream.wait_readable(deadline) == Wake::timed_out) {
      co_return std::unexpected(IoError::timed_out);
    }
  }
}

Task<std::expected<void, IoError>> write_all(Stream& stream, std::string_view text,
                                             Duration stall) {
  EventLoop& loop = stream.loop();
  while (!text.empty()) {
    iovec piece{const_cast<char*>(text.data()), text.size()};
    auto wrote = stream.try_write({&piece, 1});
    if (wrote) {
      text.remove_prefix(*wrote);
      continue;
    }
    if (wrote.error() != IoError::would_block) co_return std::unexpected(wrote.error());
    if (co_await stream.wait_writable(after(loop.now(), stall)) == Wake::timed_out) {
      co_return std::unexpected(IoError::timed_out);
    }
  }
  co_return std::expected<void, IoError>();
}

}  // namespace signet::runtime
