#include <cstddef>
#include <cstdint>
#include <string_view>

#include "watch/trace_context.h"

// What is accepted is written back in a form that is accepted again and means the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace signet::watch;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  if (auto trace = parse_traceparent(text)) {
    TraceParentText written = traceparent_text(*trace);
    auto again = parse_traceparent({written.data(), written.size()});
    if (!again || again->trace() != trace->trace() || again->parent() != trace->parent() ||
        again->flags != trace->flags) {
      __builtin_trap();
    }
    IdGenerator ids(size);
    TraceParentText child = traceparent_text(ids.child_of(*trace));
    if (!parse_traceparent({child.data(), child.size()})) __builtin_trap();
  }
  if (is_passable_tracestate(text)) {
    if (text.empty() || text.size() > 512) __builtin_trap();
    for (char c : text) {
      if (c != '\t' && (c < 0x20 || c > 0x7E)) __builtin_trap();
    }
  }
  return 0;
}
