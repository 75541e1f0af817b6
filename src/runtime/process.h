#pragma once

#include <cstddef>
#include <string>

namespace signet::runtime {

// How many event loops `workers: auto` means: the CPUs this process may run on, or fewer where the
// cgroup's cpu.max grants less time than that. At least 1.
std::size_t usable_cpus();

// Raises the soft limit of open files to the hard one; gives the limit now in force.
std::size_t raise_open_file_limit();

// No core file and no ptrace by other processes of this user, so that keys stay in this process; on
// a crash, the stack on stderr, then the default action.
void prepare_for_crashes();

// Name of the calling thread in `top` and in debuggers.
void name_thread(const std::string& name);

}  // namespace signet::runtime
