#include "segment.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <stdexcept>

#include "kernels.h"

namespace answerable {
namespace {

static_assert(std::endian::native == std::endian::little, "segments are little-endian, and read as they lie");

constexpr std::size_t kHeaderBytes = 4096;
constexpr char kMagic[8] = {'A', 'N', 'S', 'W', 'S', 'E', 'G', '2'};

struct Header {
    char magic[8];
    std::uint32_t rows;
    std::uint32_t address_bits;
    std::uint64_t bytes;
    std::uint32_t body_checksum;
    std::uint32_t header_checksum;  // of all before it
};

std::size_t aligned(std::size_t at) { return (at + 63) & ~std::size_t{63}; }

// Where each part lies: ids, hashes, then directory, signatures and row numbers of each chunk.
struct Layout {
    std::size_t ids, hashes, directory[kChunks], signatures[kChunks], lower[kChunks], upper[kChunks], bytes;
    std::size_t blocks, upper_words;

    Layout(std::size_t rows, int address_bits) {
        blocks = (rows + 0xffff) >> 16;
        upper_words = ((rows + (blocks << address_bits)) >> 6) + 1;
        std::size_t at = kHeaderBytes;
        const auto take = [&at](std::size_t size) {
            const std::size_t here = at;
            at = aligned(at + size);
            return here;
        };
        ids = take(rows * sizeof(std::uint64_t));
        hashes = take(rows * kHashBytes);
        for (int chunk = 0; chunk < kChunks; ++chunk) {
            directory[chunk] = take(((std::size_t{1} << address_bits) + 1) * sizeof(std::uint32_t));
            signatures[chunk] = take(rows * sizeof(std::uint16_t) + kOverread);
            lower[chunk] = take(rows * sizeof(std::uint16_t));
            upper[chunk] = take(upper_words * sizeof(std::uint64_t));
        }
        bytes = at;
    }
};

// As many buckets as leave some four rows in each, so that a small segment has a small directory.
int address_bits_for(std::size_t rows) {
    return std::clamp(static_cast<int>(std::bit_width(rows)) - 3, 8, 16);
}

std::uint32_t header_checksum(const Header& header) {
    return crc32c(reinterpret_cast<const std::uint8_t*>(&header), offsetof(Header, header_checksum));
}

}  // namespace

// ---- Dead --------------------------------------------------------------------------------------------------------

Dead::Dead(std::uint32_t rows) : words_((std::size_t{rows} + 63) / 64) {}

bool Dead::set(std::uint32_t row) {
    const std::uint64_t bit = 1ULL << (row & 63);
    if (words_[row >> 6].fetch_or(bit, std::memory_order_acq_rel) & bit) return false;
    count_.fetch_add(1, std::memory_order_relaxed);
    return true;
}

// ---- Tail --------------------------------------------------------------------------------------------------------

Tail::Tail(std::uint32_t capacity)
    : capacity_(capacity),
      ids_(new std::uint64_t[capacity]()),
      columns_(new std::uint64_t[std::size_t{capacity} * kWords]()),
      dead_(capacity) {}

void Tail::append(std::uint64_t id, const Hash& hash) {
    const std::uint32_t row = rows_.load(std::memory_order_relaxed);
    ids_[row] = id;
    for (int word = 0; word < kWords; ++word) columns_[std::size_t{capacity_} * word + row] = hash.words[word];
    rows_.store(row + 1, std::memory_order_release);
}

bool Tail::remove(std::uint64_t id, std::uint32_t before) {
    for (std::uint32_t row = before; row-- > 0;) {
        if (ids_[row] == id && !dead_[row]) return dead_.set(row);
    }
    return false;
}

bool Tail::holds(std::uint64_t id) const {
    for (std::uint32_t row = rows(); row-- > 0;) {
        if (ids_[row] == id && !dead_[row]) return true;
    }
    return false;
}

Hash Tail::hash(std::uint32_t row) const {
    Hash out;
    for (int word = 0; word < kWords; ++word) out.words[word] = columns_[std::size_t{capacity_} * word + row];
    return out;
}

// ---- Segment -----------------------------------------------------------------------------------------------------

Segment::Segment(Memory memory, std::uint32_t rows, int address_bits)
    : memory_(std::move(memory)), rows_(rows), address_bits_(address_bits), dead_(rows) {
    const Layout layout(rows, address_bits);
    const std::uint8_t* base = memory_.data();
    ids_ = reinterpret_cast<const std::uint64_t*>(base + layout.ids);
    hashes_ = reinterpret_cast<const Hash*>(base + layout.hashes);
    for (int chunk = 0; chunk < kChunks; ++chunk) {
        directories_[chunk] = reinterpret_cast<const std::uint32_t*>(base + layout.directory[chunk]);
        signatures_[chunk] = reinterpret_cast<const std::uint16_t*>(base + layout.signatures[chunk]);
        lower_[chunk] = reinterpret_cast<const std::uint16_t*>(base + layout.lower[chunk]);
        upper_[chunk] = reinterpret_cast<const std::uint64_t*>(base + layout.upper[chunk]);
    }
    upper_words_ = layout.upper_words;
    blocks_ = static_cast<std::uint32_t>(layout.blocks);
}

// Sort the rows by one chunk, by counting.
void Segment::fill(int chunk, std::vector<std::uint32_t>& next) {
    const int shift = 16 - address_bits_;
    const int following = (chunk + 1) % kChunks;
    auto* directory = const_cast<std::uint32_t*>(directories_[chunk]);
    auto* signatures = const_cast<std::uint16_t*>(signatures_[chunk]);
    auto* lower = const_cast<std::uint16_t*>(lower_[chunk]);
    auto* upper = const_cast<std::uint64_t*>(upper_[chunk]);
    const std::uint32_t buckets = 1u << address_bits_;
    for (std::uint32_t row = 0; row < rows_; ++row) ++directory[(hashes_[row].chunk(chunk) >> shift) + 1];
    for (std::uint32_t bucket = 0; bucket < buckets; ++bucket) directory[bucket + 1] += directory[bucket];
    next.assign(directory, directory + buckets);
    for (std::uint32_t row = 0; row < rows_; ++row) {
        const std::uint32_t bucket = hashes_[row].chunk(chunk) >> shift;
        const std::uint32_t entry = next[bucket]++;
        signatures[entry] = hashes_[row].chunk(following);
        lower[entry] = static_cast<std::uint16_t>(row);
        const std::uint64_t bit = std::uint64_t{entry} + std::uint64_t{bucket} * blocks_ + (row >> 16);
        upper[bit >> 6] |= 1ULL << (bit & 63);
    }
}

std::shared_ptr<Segment> Segment::build(std::vector<Row> rows, const std::string& path) {
    if (rows.size() > kMaxRows) throw std::length_error("a segment holds at most 16777216 rows");
    const auto by_id = [](const Row& a, const Row& b) { return a.id < b.id; };
    if (!std::is_sorted(rows.begin(), rows.end(), by_id)) std::sort(rows.begin(), rows.end(), by_id);

    const int address_bits = address_bits_for(rows.size());
    const Layout layout(rows.size(), address_bits);
    Memory memory = path.empty() ? Memory::anonymous(layout.bytes) : Memory::create(path, layout.bytes);
    std::uint8_t* base = memory.data();
    std::shared_ptr<Segment> made(
        new Segment(std::move(memory), static_cast<std::uint32_t>(rows.size()), address_bits));
    auto* ids = const_cast<std::uint64_t*>(made->ids_);
    auto* hashes = const_cast<Hash*>(made->hashes_);
    for (std::size_t row = 0; row < rows.size(); ++row) {
        ids[row] = rows[row].id;
        hashes[row] = *rows[row].hash;
    }
    std::vector<Row>().swap(rows);
    std::vector<std::uint32_t> next;
    for (int chunk = 0; chunk < kChunks; ++chunk) made->fill(chunk, next);

    Header header{};
    std::memcpy(header.magic, kMagic, sizeof kMagic);
    header.rows = made->rows_;
    header.address_bits = static_cast<std::uint32_t>(address_bits);
    header.bytes = layout.bytes;
    header.body_checksum = path.empty() ? 0 : crc32c(base + kHeaderBytes, layout.bytes - kHeaderBytes);
    header.header_checksum = header_checksum(header);
    std::memcpy(base, &header, sizeof header);
    made->memory_.seal();
    return made;
}

std::shared_ptr<Segment> Segment::open(const std::string& path) {
    Memory memory = Memory::map(path);
    Header header{};
    if (memory.size() < kHeaderBytes) throw std::runtime_error("it is too short to be a segment");
    std::memcpy(&header, memory.data(), sizeof header);
    if (std::memcmp(header.magic, kMagic, sizeof kMagic) != 0) throw std::runtime_error("it is no segment");
    if (header.header_checksum != header_checksum(header)) throw std::runtime_error("its header is damaged");
    if (header.rows > kMaxRows || header.address_bits < 8 || header.address_bits > 16 ||
        header.bytes != Layout(header.rows, static_cast<int>(header.address_bits)).bytes) {
        throw std::runtime_error("its header makes no sense");
    }
    if (header.bytes != memory.size()) throw std::runtime_error("it is cut off or has been added to");
    std::shared_ptr<Segment> made(
        new Segment(std::move(memory), header.rows, static_cast<int>(header.address_bits)));
    // A search goes where the directories say: they must stay within the segment, whatever else is damaged.
    for (int chunk = 0; chunk < kChunks; ++chunk) {
        const std::uint32_t* directory = made->directories_[chunk];
        const std::uint32_t buckets = 1u << header.address_bits;
        bool grows = directory[0] == 0 && directory[buckets] == header.rows;
        for (std::uint32_t bucket = 0; bucket < buckets; ++bucket) grows &= directory[bucket] <= directory[bucket + 1];
        if (!grows) throw std::runtime_error("a directory in it is damaged");
    }
    return made;
}

std::uint32_t Segment::checksum() const {
    Header header{};
    std::memcpy(&header, memory_.data(), sizeof header);
    return header.body_checksum;
}

bool Segment::verify() const {
    return crc32c(memory_.data() + kHeaderBytes, memory_.size() - kHeaderBytes) == checksum();
}

std::int64_t Segment::find(std::uint64_t id) const {
    if (rows_ == 0 || id < ids_[0] || id > ids_[rows_ - 1]) return -1;
    const std::uint64_t* at = std::lower_bound(ids_, ids_ + rows_, id);
    return at != ids_ + rows_ && *at == id ? at - ids_ : -1;
}

bool Segment::holds(std::uint64_t id) const {
    const std::int64_t row = find(id);
    return row >= 0 && !dead_[static_cast<std::uint32_t>(row)];
}

bool Segment::remove(std::uint64_t id) {
    const std::int64_t row = find(id);
    return row >= 0 && dead_.set(static_cast<std::uint32_t>(row));
}

void Segment::bury(const std::uint8_t* bits, std::size_t size) {
    for (std::uint32_t row = 0; row < rows_ && row / 8 < size; ++row) {
        if (bits[row / 8] >> (row % 8) & 1) dead_.set(row);
    }
}

std::vector<std::uint8_t> Segment::buried() const {
    std::vector<std::uint8_t> bits((std::size_t{rows_} + 7) / 8);
    for (std::size_t at = 0; at < bits.size(); ++at) {
        bits[at] = static_cast<std::uint8_t>(dead_.word(at / 8) >> (8 * (at % 8)));
    }
    return bits;
}

}  // namespace answerable
