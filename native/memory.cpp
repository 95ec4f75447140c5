#include "memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <new>
#include <system_error>
#include <utility>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>
#endif

namespace answerable {
namespace {

[[noreturn]] void fail(const std::string& path) {
    throw std::system_error(errno, std::generic_category(), path);
}

}  // namespace

Memory Memory::anonymous(std::size_t bytes) {
    Memory made;
    void* data = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (data == MAP_FAILED) throw std::bad_alloc();
#if defined(MADV_HUGEPAGE)
    if (bytes >= std::size_t{1} << 22) madvise(data, bytes, MADV_HUGEPAGE);  // fewer misses in the page tables
#endif
    made.data_ = static_cast<std::uint8_t*>(data);
    made.size_ = bytes;
    return made;
}

Memory Memory::create(const std::string& path, std::size_t bytes) {
    Memory made;
    made.file_ = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (made.file_ < 0) fail(path);
#if defined(__linux__)
    const int error = posix_fallocate(made.file_, 0, static_cast<off_t>(bytes));
#else
    const int error = ftruncate(made.file_, static_cast<off_t>(bytes)) == 0 ? 0 : errno;
#endif
    if (error) {
        unlink(path.c_str());
        errno = error;
        fail(path);
    }
    void* data = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, made.file_, 0);
    if (data == MAP_FAILED) fail(path);
    made.data_ = static_cast<std::uint8_t*>(data);
    made.size_ = bytes;
    return made;
}

Memory Memory::map(const std::string& path) {
    Memory made;
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) fail(path);
    struct stat about {};
    if (fstat(file, &about) != 0 || about.st_size == 0) {
        if (about.st_size == 0) errno = ENODATA;
        const int error = errno;
        close(file);
        errno = error;
        fail(path);
    }
    made.size_ = static_cast<std::size_t>(about.st_size);
    void* data = mmap(nullptr, made.size_, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (data == MAP_FAILED) {
        made.size_ = 0;
        fail(path);
    }
    madvise(data, made.size_, MADV_WILLNEED);
    made.data_ = static_cast<std::uint8_t*>(data);
    return made;
}

Memory::Memory(Memory&& other) noexcept { *this = std::move(other); }

Memory& Memory::operator=(Memory&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(file_, other.file_);
    return *this;
}

Memory::~Memory() {
    if (data_) munmap(data_, size_);
    if (file_ >= 0) close(file_);
}

void Memory::seal() {
    if (file_ >= 0) {
        if (msync(data_, size_, MS_SYNC) != 0 || fsync(file_) != 0) fail("writing a segment");
        close(std::exchange(file_, -1));
    }
    if (mprotect(data_, size_, PROT_READ) != 0) fail("sealing a segment");
}

// ---- CRC-32C -----------------------------------------------------------------------------------------------------
namespace {

std::uint32_t crc_portable(const std::uint8_t* data, std::size_t size, std::uint32_t crc) {
    static const auto table = [] {
        std::array<std::uint32_t, 256> made{};
        for (std::uint32_t byte = 0; byte < 256; ++byte) {
            std::uint32_t value = byte;
            for (int bit = 0; bit < 8; ++bit) value = value & 1 ? 0x82f63b78u ^ (value >> 1) : value >> 1;
            made[byte] = value;
        }
        return made;
    }();
    for (std::size_t at = 0; at < size; ++at) crc = table[(crc ^ data[at]) & 255] ^ (crc >> 8);
    return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t crc_sse42(const std::uint8_t* data, std::size_t size,
                                                          std::uint32_t crc) {
    std::uint64_t wide = crc;
    std::size_t at = 0;
    for (; at + 8 <= size; at += 8) {
        std::uint64_t word;
        std::memcpy(&word, data + at, 8);
        wide = _mm_crc32_u64(wide, word);
    }
    crc = static_cast<std::uint32_t>(wide);
    for (; at < size; ++at) crc = _mm_crc32_u8(crc, data[at]);
    return crc;
}
#endif

}  // namespace

std::uint32_t crc32c(const std::uint8_t* data, std::size_t size, std::uint32_t crc) {
    crc = ~crc;
#if defined(__x86_64__)
    __builtin_cpu_init();
    return ~(__builtin_cpu_supports("sse4.2") ? crc_sse42(data, size, crc) : crc_portable(data, size, crc));
#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
    for (; size >= 8; data += 8, size -= 8) {
        std::uint64_t word;
        std::memcpy(&word, data, 8);
        crc = __crc32cd(crc, word);
    }
    return ~crc_portable(data, size, crc);
#else
    return ~crc_portable(data, size, crc);
#endif
}

}  // namespace answerable
