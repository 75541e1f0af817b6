#include "origin/head_block.h"

#include <cstring>
#include <utility>

namespace signet::origin {

void HeadBlock::reserve(std::size_t capacity) {
  if (capacity <= capacity_) return;
  constexpr std::size_t kLargestBlock = 64 * 1024;
  runtime::Buffer block;
  char* base;
  if (capacity <= kLargestBlock) {
    block = runtime::Buffer(arena_.pool(), runtime::BlockPool::size_for(capacity));
    base = block.data();
    capacity = block.capacity();
  } else {
    base = arena_.make_array<char>(capacity);
  }
  const std::size_t used = size();
  if (used != 0) std::memcpy(base, data(), used);
  block_ = std::move(block);
  base_ = base;
  begin_ = 0;
  end_ = used;
  capacity_ = capacity;
}

void HeadBlock::compact() {
  if (begin_ == 0) return;
  std::memmove(base_, data(), size());
  end_ -= begin_;
  begin_ = 0;
}

void HeadBlock::release() {
  block_ = {};
  base_ = nullptr;
  begin_ = end_ = capacity_ = 0;
}

}  // namespace signet::origin
