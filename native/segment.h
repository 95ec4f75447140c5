// Where hashes are held: many of them, sorted and unchanging, in a Segment; the newest in a Tail.
//
// A segment of n rows, sorted by id, holds for each of the sixteen chunks a directory (where the rows begin whose
// chunk has a given value) over two columns: the row's *next* chunk, its signature (`search.cpp` says why that one is
// kept), and the row's number. The rows of a bucket stand in order, so the upper bits of their numbers are kept as Elias
// and Fano do: bit e + bucket * blocks + (row >> 16) is set for the row at entry e; the lower 16 bits as they are. That
// is 18 bits for a row number, 34 for an entry, and 108 bytes for a row with its id and hash.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bits.h"
#include "memory.h"

namespace answerable {

inline constexpr std::uint32_t kMaxRows = 1u << 24;

// One bit a row, set when the row was removed. Readers may look while a writer sets.
class Dead {
public:
    explicit Dead(std::uint32_t rows);
    bool operator[](std::uint32_t row) const {
        return words_[row >> 6].load(std::memory_order_acquire) >> (row & 63) & 1;
    }
    bool set(std::uint32_t row);  // false if it was set before
    std::uint32_t count() const { return count_.load(std::memory_order_relaxed); }
    std::size_t words() const { return words_.size(); }
    std::uint64_t word(std::size_t at) const { return words_[at].load(std::memory_order_acquire); }

private:
    std::vector<std::atomic<std::uint64_t>> words_;
    std::atomic<std::uint32_t> count_{0};
};

// The newest rows, in the order they came. One writer at a time, any number of readers.
class Tail {
public:
    explicit Tail(std::uint32_t capacity);
    void append(std::uint64_t id, const Hash& hash);  // while rows() is less than capacity()
    bool remove(std::uint64_t id, std::uint32_t before);  // among the first `before` rows; false when it is not there
    bool remove(std::uint64_t id) { return remove(id, rows()); }
    bool holds(std::uint64_t id) const;

    std::uint32_t capacity() const { return capacity_; }
    std::uint32_t rows() const { return rows_.load(std::memory_order_acquire); }
    std::uint32_t live() const { return rows() - dead_.count(); }
    std::size_t bytes() const { return std::size_t{capacity_} * (kHashBytes + sizeof(std::uint64_t)); }
    std::uint64_t id(std::uint32_t row) const { return ids_[row]; }
    Hash hash(std::uint32_t row) const;
    const Dead& dead() const { return dead_; }
    const std::uint64_t* columns() const { return columns_.get(); }

private:
    std::uint32_t capacity_;
    std::atomic<std::uint32_t> rows_{0};
    std::unique_ptr<std::uint64_t[]> ids_;
    std::unique_ptr<std::uint64_t[]> columns_;
    Dead dead_;
};

// A row that a segment is to hold.
struct Row {
    std::uint64_t id;
    const Hash* hash;
};

class Segment {
public:
    // Rows in any order, ids unique. On disk at `path` (a new file, written and synced when this returns) or, with an
    // empty path, in memory. Throws std::length_error beyond kMaxRows.
    static std::shared_ptr<Segment> build(std::vector<Row> rows, const std::string& path);
    // A file that `build` made. Checks the header and whatever a search trusts, in milliseconds; `verify` checks the
    // rest. Throws std::runtime_error, which says what is wrong.
    static std::shared_ptr<Segment> open(const std::string& path);

    bool verify() const;                // is every byte as it was written?
    bool remove(std::uint64_t id);      // false when it is not there
    bool holds(std::uint64_t id) const;
    void bury(const std::uint8_t* bits, std::size_t size);  // mark rows removed, from what `buried` gave
    std::vector<std::uint8_t> buried() const;

    std::uint32_t rows() const { return rows_; }
    std::uint32_t live() const { return rows_ - dead_.count(); }
    std::size_t bytes() const { return memory_.size() + dead_.words() * 8; }
    std::uint32_t checksum() const;
    std::uint64_t first_id() const { return rows_ ? ids_[0] : 0; }
    std::uint64_t last_id() const { return rows_ ? ids_[rows_ - 1] : 0; }

    int address_bits() const { return address_bits_; }
    std::uint64_t id(std::uint32_t row) const { return ids_[row]; }
    const Hash* hashes() const { return hashes_; }
    const Dead& dead() const { return dead_; }
    // Entries of the chunk's bucket `value` (its first address_bits bits): from [value] to [value + 1].
    const std::uint32_t* directory(int chunk) const { return directories_[chunk]; }
    const std::uint16_t* signatures(int chunk) const { return signatures_[chunk]; }
    const std::uint16_t* lower(int chunk) const { return lower_[chunk]; }
    const std::uint64_t* upper(int chunk) const { return upper_[chunk]; }
    std::size_t upper_words() const { return upper_words_; }
    std::uint32_t blocks() const { return blocks_; }  // of 65,536 rows

private:
    Segment(Memory memory, std::uint32_t rows, int address_bits);
    std::int64_t find(std::uint64_t id) const;
    void fill(int chunk, std::vector<std::uint32_t>& next);

    Memory memory_;
    std::uint32_t rows_;
    int address_bits_;
    const std::uint64_t* ids_;
    const Hash* hashes_;
    const std::uint32_t* directories_[kChunks];
    const std::uint16_t* signatures_[kChunks];
    const std::uint16_t* lower_[kChunks];
    const std::uint64_t* upper_[kChunks];
    std::size_t upper_words_;
    std::uint32_t blocks_;
    Dead dead_;
};

}  // namespace answerable
