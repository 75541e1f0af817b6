#include "watch/metrics.h"

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

namespace signet::watch {

namespace {

// Exposition format 0.0.4: label values escape backslash, quote and line feed; help texts do not
// escape quotes.
void append_escaped_label(std::string& out, std::string_view value, bool in_quotes) {
  for (char c : value) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && in_quotes) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
}

std::string labels_text(const Labels& labels) {
  std::string text;
  for (const auto& [name, value] : labels) {
    if (!text.empty()) text += ',';
    text += name;
    text += "=\"";
    append_escaped_label(text, value, true);
    text += '"';
  }
  return text;
}

double seconds(std::uint64_t nanoseconds) {
  return static_cast<double>(nanoseconds) / 1e9;
}

std::string with_label(std::string_view labels, std::string_view more) {
  return labels.empty() ? fmt::format("{{{}}}", more) : fmt::format("{{{},{}}}", labels, more);
}

std::string braced(std::string_view labels) {
  return labels.empty() ? std::string() : fmt::format("{{{}}}", labels);
}

}  // namespace

void Shard::observe(Histogram histogram, runtime::Duration duration) {
  duration = std::max(duration, runtime::Duration::zero());
  bump(histogram.first_cell, static_cast<std::uint64_t>(duration.count()));
  auto bucket = std::ranges::lower_bound(kBuckets, duration) - kBuckets.begin();
  bump(histogram.first_cell + 1 + static_cast<std::uint32_t>(bucket), 1);
}

void Shard::grow_to(std::size_t cells) {
  while (owned_.size() * kChunkCells < cells) {
    auto chunk = std::make_unique<Chunk>();
    for (Cell& cell : *chunk)
      cell.store(0, std::memory_order_relaxed);
    chunks_[owned_.size()].store(chunk.get(), std::memory_order_release);
    owned_.push_back(std::move(chunk));
  }
}

std::uint32_t Registry::add_series(Type type, std::string_view name, std::string_view help,
                                   const Labels& labels) {
  std::lock_guard lock(mutex_);
  auto family = std::ranges::find(families_, name, &Family::name);
  if (family == families_.end()) {
    families_.push_back({std::string(name), std::string(help), type, {}});
    family = families_.end() - 1;
  } else if (family->type != type) {
    throw std::logic_error(fmt::format("metric {} is registered as two types", name));
  }
  std::string text = labels_text(labels);
  auto series = std::ranges::find(family->series, text, &Series::labels);
  if (series != family->series.end()) return series->cell;
  std::uint32_t width = type == Type::histogram ? kBuckets.size() + 2 : 1;
  if (cells_ + width > Shard::kChunkCells * Shard::kChunks) {
    throw std::length_error("too many metrics");
  }
  std::uint32_t cell = cells_;
  cells_ += width;
  family->series.push_back({std::move(text), cell});
  for (auto& shard : shards_)
    shard->grow_to(cells_);
  return cell;
}

Counter Registry::counter(std::string_view name, std::string_view help, const Labels& labels) {
  return {add_series(Type::counter, name, help, labels)};
}

Gauge Registry::gauge(std::string_view name, std::string_view help, const Labels& labels) {
  return {add_series(Type::gauge, name, help, labels)};
}

Histogram Registry::histogram(std::string_view name, std::string_view help, const Labels& labels) {
  return {add_series(Type::histogram, name, help, labels)};
}

Registry::Registry() {
  shards_.push_back(std::make_unique<Shard>());
}

Shard& Registry::add_shard() {
  std::lock_guard lock(mutex_);
  shards_.push_back(std::make_unique<Shard>());
  shards_.back()->grow_to(cells_);
  return *shards_.back();
}

void Registry::add(Counter counter, std::uint64_t by) {
  std::lock_guard lock(mutex_);
  shards_.front()->add(counter, by);
}

void Registry::add(Gauge gauge, std::int64_t by) {
  std::lock_guard lock(mutex_);
  shards_.front()->add(gauge, by);
}

void Registry::set(Gauge gauge, std::int64_t to) {
  std::lock_guard lock(mutex_);
  shards_.front()->set(gauge, to);
}

void Registry::observe(Histogram histogram, runtime::Duration duration) {
  std::lock_guard lock(mutex_);
  shards_.front()->observe(histogram, duration);
}

std::uint64_t Registry::sum(std::uint32_t cell) const {
  std::uint64_t total = 0;
  for (const auto& shard : shards_)
    total += shard->cell(cell).load(std::memory_order_relaxed);
  return total;
}

void Registry::append_series(std::string& out, const Family& family, const Series& series) const {
  auto to = std::back_inserter(out);
  switch (family.type) {
    case Type::counter:
      fmt::format_to(to, "{}{} {}\n", family.name, braced(series.labels), sum(series.cell));
      return;
    case Type::gauge:
      fmt::format_to(to, "{}{} {}\n", family.name, braced(series.labels),
                     static_cast<std::int64_t>(sum(series.cell)));
      return;
    case Type::histogram: break;
  }
  // The count is the sum of the buckets as read, so that +Inf and _count always agree.
  std::uint64_t below = 0;
  for (std::size_t i = 0; i <= kBuckets.size(); ++i) {
    below += sum(series.cell + 1 + static_cast<std::uint32_t>(i));
    std::string bound =
        i == kBuckets.size()
            ? "+Inf"
            : fmt::format("{}", seconds(static_cast<std::uint64_t>(kBuckets[i].count())));
    fmt::format_to(to, "{}_bucket{} {}\n", family.name,
                   with_label(series.labels, fmt::format("le=\"{}\"", bound)), below);
  }
  fmt::format_to(to, "{}_sum{} {}\n", family.name, braced(series.labels),
                 seconds(sum(series.cell)));
  fmt::format_to(to, "{}_count{} {}\n", family.name, braced(series.labels), below);
}

std::string Registry::text() const {
  std::lock_guard lock(mutex_);
  std::string out;
  for (const Family& family : families_) {
    constexpr std::array<std::string_view, 3> kTypes{"counter", "gauge", "histogram"};
    out += "# HELP " + family.name + ' ';
    append_escaped_label(out, family.help, false);
    fmt::format_to(std::back_inserter(out), "\n# TYPE {} {}\n", family.name,
                   kTypes[static_cast<std::size_t>(family.type)]);
    for (const Series& series : family.series)
      append_series(out, family, series);
  }
  return out;
}

std::uint64_t Registry::value(Counter counter) const {
  std::lock_guard lock(mutex_);
  return sum(counter.cell);
}

std::int64_t Registry::value(Gauge gauge) const {
  std::lock_guard lock(mutex_);
  return static_cast<std::int64_t>(sum(gauge.cell));
}

std::uint64_t Registry::count(Histogram histogram) const {
  std::lock_guard lock(mutex_);
  std::uint64_t total = 0;
  for (std::uint32_t i = 0; i <= kBuckets.size(); ++i)
    total += sum(histogram.first_cell + 1 + i);
  return total;
}

}  // namespace signet::watch
