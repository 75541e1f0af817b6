#include "runtime/process.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <fstream>
#include <string>

#include <execinfo.h>
#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace signet::runtime {

namespace {

// Quota and period of this process's cgroup (v2), in CPUs, or 0 when there is none.
std::size_t cgroup_cpus() {
  std::ifstream own("/proc/self/cgroup");
  std::string line;
  std::string path;
  while (std::getline(own, line)) {
    if (line.starts_with("0::")) path = line.substr(3);
  }
  for (const std::string& directory : {"/sys/fs/cgroup" + path, std::string("/sys/fs/cgroup")}) {
    std::ifstream file(directory + "/cpu.max");
    std::string quota;
    long period = 0;
    if (!(file >> quota >> period) || quota == "max" || period <= 0) continue;
    long granted = std::strtol(quota.c_str(), nullptr, 10);
    return static_cast<std::size_t>(std::max(1L, granted / period));
  }
  return 0;
}

void say(const char* text, std::size_t length) {
  [[maybe_unused]] auto wrote = write(STDERR_FILENO, text, length);
}

void report_crash(int signal) {
  constexpr char kHead[] = "signet: fatal signal, stack follows\n";
  say(kHead, sizeof kHead - 1);
  std::array<void*, 64> frames;
  int count = backtrace(frames.data(), static_cast<int>(frames.size()));
  backtrace_symbols_fd(frames.data(), count, STDERR_FILENO);
  // SA_RESETHAND restored the default action.
  raise(signal);
}

}  // namespace

std::size_t usable_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::size_t cpus = 1;
  if (sched_getaffinity(0, sizeof set, &set) == 0) {
    cpus = static_cast<std::size_t>(std::max(1, CPU_COUNT(&set)));
  }
  std::size_t granted = cgroup_cpus();
  return granted == 0 ? cpus : std::min(cpus, granted);
}

std::size_t raise_open_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<std::size_t>(limit.rlim_cur);
}

void prepare_for_crashes() {
  rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);
  // The first call loads the unwinder, which must not happen inside the handler.
  std::array<void*, 2> frames;
  backtrace(frames.data(), static_cast<int>(frames.size()));
  struct sigaction action{};
  action.sa_handler = report_crash;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_NODEFER);
  for (int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT})
    sigaction(signal, &action, nullptr);
}

void name_thread(const std::string& name) {
  pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
}

}  // namespace signet::runtime
