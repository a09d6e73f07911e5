// SPDX-License-Identifier: BSD-2-Clause
#include "hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace nfup {

struct Hasher::Context {
	XXH3_state_t state;
};

Hasher::Hasher() : context_(std::make_unique<Context>())
{
	XXH3_128bits_reset(&context_->state);
}

Hasher::~Hasher() = default;

Hasher& Hasher::add(std::string_view field)
{
	const std::uint64_t length = field.size();
	XXH3_128bits_update(&context_->state, &length, sizeof length);
	XXH3_128bits_update(&context_->state, field.data(), field.size());
	return *this;
}

Hasher& Hasher::add(std::span<const std::uint8_t> field)
{
	return add(std::string_view(reinterpret_cast<const char*>(field.data()), field.size()));
}

Hasher& Hasher::add(std::uint64_t number)
{
	return add(std::string_view(reinterpret_cast<const char*>(&number), sizeof number));
}

std::string Hasher::hex() const
{
	XXH128_canonical_t digest;
	XXH128_canonicalFromHash(&digest, XXH3_128bits_digest(&context_->state));
	std::string text;
	for (const unsigned char byte : digest.digest) {
		constexpr char digits[] = "0123456789abcdef";
		text += digits[byte >> 4];
		text += digits[byte & 15];
	}
	return text;
}

std::uint64_t hash64(std::span<const std::uint8_t> bytes)
{
	return XXH3_64bits(bytes.data(), bytes.size());
}

} // namespace nfup
