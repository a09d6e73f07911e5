// SPDX-License-Identifier: BSD-2-Clause
// Which entries: `dport == 443 && (state == ESTABLISHED || last_seen < 30s)`.
//
//	expression:  FIELD OP VALUE   FIELD   !…   (…)   … && …   … || …
//	OP:          ==  !=  <  <=  >  >=
//
// Values are written as entry_text.h says; an address may be a prefix after == and
// !=. A FIELD alone holds unless it is 0. Times compare by age: `last_seen > 1m` is
// older than a minute, and `never` is older than everything.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "intent/diagnostic.h"
#include "layout.h"
#include "moment.h"

namespace nfup::statemaps {

class Where {
public:
	// Holds for every entry.
	Where();
	Where(Where&&) noexcept;
	Where& operator=(Where&&) noexcept;
	~Where();

	// What is wrong with `text` is in `diagnostics`, with its column; it then holds for none.
	// Keeps no reference to `layout`.
	static Where parse(const std::string& text, const Layout& layout, intent::Diagnostics& diagnostics);

	bool holds(const std::uint8_t* key, const std::uint8_t* value, const Moment& now) const;

	struct Node;

private:
	std::unique_ptr<Node> root_;
};

} // namespace nfup::statemaps
