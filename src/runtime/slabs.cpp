#include "runtime/slabs.h"

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <new>

#include <sys/mman.h>

namespace signet::runtime {

namespace {
struct FreeBlock {
  FreeBlock* next;
};
}  // namespace

struct Slabs::Slab {
  FreeBlock* free_list = nullptr;
  std::uint32_t used = 0;
  std::uint32_t untouched_from = 0;  // blocks from here on were never handed out
  std::uint32_t capacity = 0;
  std::uint32_t place = 0;  // in with_room_
  bool has_place = false;

  bool has_room() const { return free_list != nullptr || untouched_from < capacity; }
};

Slabs::~Slabs() {
  for (Slab* slab : with_room_)
    unmap_slab(slab);
}

std::size_t Slabs::first_block() const {
  return std::clamp(block_bytes_, std::size_t{64}, std::size_t{4096});
}

Slabs::Slab* Slabs::map_slab() {
  // Twice the size is mapped and the ends are cut off, which leaves an aligned middle.
  void* mapped =
      mmap(nullptr, 2 * slab_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) std::abort();
  auto start = reinterpret_cast<std::uintptr_t>(mapped);
  std::uintptr_t aligned = (start + slab_bytes_ - 1) & ~(slab_bytes_ - 1);
  if (aligned > start) munmap(mapped, aligned - start);
  std::uintptr_t end = start + 2 * slab_bytes_;
  if (aligned + slab_bytes_ < end) {
    munmap(reinterpret_cast<void*>(aligned + slab_bytes_), end - aligned - slab_bytes_);
  }
  Slab* slab = new (reinterpret_cast<void*>(aligned)) Slab;
  slab->capacity = static_cast<std::uint32_t>((slab_bytes_ - first_block()) / block_bytes_);
  bytes_mapped_ += slab_bytes_;
  return slab;
}

void Slabs::unmap_slab(Slab* slab) {
  bytes_mapped_ -= slab_bytes_;
  munmap(slab, slab_bytes_);
}

void* Slabs::take() {
  static_assert(sizeof(Slab) <= 64);
  if (with_room_.empty()) {
    Slab* fresh = map_slab();
    fresh->has_place = true;
    with_room_.push_back(fresh);
    ++empty_;
  }
  Slab* slab = with_room_.back();
  if (slab->used++ == 0) least_empty_ = std::min(least_empty_, --empty_);
  void* block;
  if (slab->free_list != nullptr) {
    block = slab->free_list;
    slab->free_list = slab->free_list->next;
  } else {
    block = reinterpret_cast<char*>(slab) + first_block() + slab->untouched_from++ * block_bytes_;
  }
  if (!slab->has_room()) {
    with_room_.pop_back();
    slab->has_place = false;
  }
  return block;
}

void Slabs::give_back(void* block) {
  auto* slab =
      reinterpret_cast<Slab*>(reinterpret_cast<std::uintptr_t>(block) & ~(slab_bytes_ - 1));
  assert(slab->used > 0);
  auto* freed = static_cast<FreeBlock*>(block);
  freed->next = slab->free_list;
  slab->free_list = freed;
  if (!slab->has_place) {
    slab->has_place = true;
    slab->place = static_cast<std::uint32_t>(with_room_.size());
    with_room_.push_back(slab);
  }
  if (--slab->used == 0) ++empty_;
}

void Slabs::trim() {
  std::size_t going = least_empty_ > spares_ ? least_empty_ - spares_ : 0;
  for (std::size_t i = with_room_.size(); i-- > 0 && going > 0;) {
    Slab* slab = with_room_[i];
    if (slab->used > 0) continue;
    Slab* last = with_room_.back();
    with_room_[i] = last;
    last->place = static_cast<std::uint32_t>(i);
    with_room_.pop_back();
    unmap_slab(slab);
    --empty_;
    --going;
  }
  least_empty_ = empty_;
}

}  // namespace signet::runtime
