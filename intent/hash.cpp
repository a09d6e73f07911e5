// SPDX-License-Identifier: BSD-2-Clause
#include "hash.h"

#include <openssl/evp.h>

namespace nfup {

struct Hasher::Context {
	EVP_MD_CTX* md = EVP_MD_CTX_new();
	~Context() { EVP_MD_CTX_free(md); }
};

Hasher::Hasher() : context_(std::make_unique<Context>())
{
	EVP_DigestInit_ex(context_->md, EVP_sha256(), nullptr);
}

Hasher::~Hasher() = default;

Hasher& Hasher::add(std::string_view field)
{
	const std::uint64_t length = field.size();
	EVP_DigestUpdate(context_->md, &length, sizeof length);
	EVP_DigestUpdate(context_->md, field.data(), field.size());
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

std::string Hasher::hex()
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned length = 0;
	EVP_DigestFinal_ex(context_->md, digest, &length);
	std::string text;
	for (unsigned i = 0; i < length; i++) {
		constexpr char digits[] = "0123456789abcdef";
		text += digits[digest[i] >> 4];
		text += digits[digest[i] & 15];
	}
	return text;
}

} // namespace nfup
