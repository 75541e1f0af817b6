// Preloaded into the gateway: counts what it asks of malloc, and writes the sum to the file that
// COUNT_ALLOCATIONS names when the program ends.
#include <atomic>
#include <cstddef>
#include <cstdio>
#include <cstdlib>

#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

namespace {

std::atomic<unsigned long> asked{0};

template <typename Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

struct Report {
  ~Report() {
    const char* path = std::getenv("COUNT_ALLOCATIONS");
    int fd = path == nullptr ? -1 : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) return;
    dprintf(fd, "%lu\n", asked.load());
    close(fd);
  }
} report;

}  // namespace

// calloc is left alone: dlsym calls it.
extern "C" void* malloc(std::size_t bytes) {
  static const auto kReal = next<void* (*)(std::size_t)>("malloc");
  asked.fetch_add(1, std::memory_order_relaxed);
  return kReal(bytes);
}

extern "C" void* realloc(void* memory, std::size_t bytes) {
  static const auto kReal = next<void* (*)(void*, std::size_t)>("realloc");
  asked.fetch_add(1, std::memory_order_relaxed);
  return kReal(memory, bytes);
}
