// Memory that a segment lives in: anonymous, or a mapped file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace answerable {

class Memory {
public:
    // Zeroed, writable, not on disk. Throws std::bad_alloc.
    static Memory anonymous(std::size_t bytes);
    // A new file of that size, writable; its blocks are reserved, so that a full disk is an error here and not a
    // signal later. Throws std::system_error.
    static Memory create(const std::string& path, std::size_t bytes);
    // A whole file, read only. Throws std::system_error.
    static Memory map(const std::string& path);

    Memory() = default;
    Memory(Memory&& other) noexcept;
    Memory& operator=(Memory&& other) noexcept;
    ~Memory();

    std::uint8_t* data() const { return data_; }
    std::size_t size() const { return size_; }

    // Write what was changed to the disk, and allow no further change. Throws std::system_error.
    void seal();

private:
    std::uint8_t* data_ = nullptr;
    std::size_t size_ = 0;
    int file_ = -1;
};

// CRC-32C (Castagnoli), as iSCSI and ext4 use it; by the processor's instruction where it has one.
std::uint32_t crc32c(const std::uint8_t* data, std::size_t size, std::uint32_t crc = 0);

}  // namespace answerable
