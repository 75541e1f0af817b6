#pragma once

namespace signet::runtime {

// Hook of an intrusive circular list; unlinks itself when it dies. A list is a Link that stands for
// both ends.
class Link {
 public:
  Link() = default;
  ~Link() { unlink(); }
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  bool linked() const { return next_ != this; }
  void unlink() {
    prev_->next_ = next_;
    next_->prev_ = prev_;
    next_ = prev_ = this;
  }
  // Puts `entry` at the tail of the list that `this` stands for; it must not be linked.
  void push_back(Link& entry) {
    entry.prev_ = prev_;
    entry.next_ = this;
    prev_->next_ = &entry;
    prev_ = &entry;
  }
  bool empty() const { return next_ == this; }
  Link* front() const { return next_; }
  Link* back() const { return prev_; }
  Link* next() const { return next_; }
  // Moves all entries of `from` to the tail of this list.
  void take_all(Link& from) {
    if (from.empty()) return;
    from.next_->prev_ = prev_;
    from.prev_->next_ = this;
    prev_->next_ = from.next_;
    prev_ = from.prev_;
    from.next_ = from.prev_ = &from;
  }

 private:
  Link* next_ = this;
  Link* prev_ = this;
};

}  // namespace signet::runtime
