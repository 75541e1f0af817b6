#pragma once

#include <cstddef>

namespace signet::runtime {

// Memory for coroutine frames: size classes of 64 bytes, one pool per thread, because a task lives
// and dies on one loop. Under AddressSanitizer every frame is its own allocation.
void* take_frame(std::size_t bytes);
void give_frame_back(void* frame, std::size_t bytes) noexcept;

// Gives back what this thread's pool did not need since the last call: Slabs::trim().
void trim_frames();

// Bytes of the frames now alive on this thread.
std::size_t frame_bytes_in_use();

}  // namespace signet::runtime
