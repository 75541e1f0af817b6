#include "runtime/arena.h"

#include <cstdlib>

namespace signet::runtime {

namespace {
constexpr std::size_t kChunkHead = 32;
constexpr std::size_t kOwnMemoryFrom = 60 * 1024;
}  // namespace

void* Arena::allocate_slowly(std::size_t bytes) {
  static_assert(sizeof(Chunk) <= kChunkHead);
  if (bytes > kOwnMemoryFrom) {
    char* memory = static_cast<char*>(std::malloc(bytes + kChunkHead));
    if (memory == nullptr) std::abort();
    newest_ = new (memory) Chunk{newest_, bytes + kChunkHead, BlockSize::k4};
    bytes_held_ += bytes + kChunkHead;
    pool_.lend(bytes + kChunkHead);
    return memory + kChunkHead;
  }
  // The second block is larger: an exchange that outgrows 4 KiB usually outgrows 8.
  std::size_t wanted = bytes + kChunkHead;
  BlockSize size = BlockPool::size_for(current_ == nullptr ? wanted : wanted + kBlockBytes[0]);
  current_ = pool_.take(size);
  capacity_ = kBlockBytes[static_cast<std::size_t>(size)];
  newest_ = new (current_) Chunk{newest_, 0, size};
  bytes_held_ += capacity_;
  used_ = kChunkHead + bytes;
  return current_ + kChunkHead;
}

void Arena::reset() {
  while (newest_ != nullptr) {
    Chunk* chunk = newest_;
    newest_ = chunk->previous;
    if (chunk->bytes != 0) {
      pool_.lent_back(chunk->bytes);
      std::free(chunk);
    } else {
      pool_.give_back(reinterpret_cast<char*>(chunk), chunk->size);
    }
  }
  current_ = nullptr;
  used_ = capacity_ = bytes_held_ = 0;
}

}  // namespace signet::runtime
