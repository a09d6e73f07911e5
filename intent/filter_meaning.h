// SPDX-License-Identifier: BSD-2-Clause
// What a primitive means, in tests on fields. Every shorthand is written out:
// `port 80` is TCP or UDP with ports, one of which is 80.
#pragma once

#include <expected>

#include "filter_ast.h"
#include "filter_lexer.h"
#include "filter_primitive.h"

namespace nfup::intent {

std::expected<FilterExpr, FilterError> meaning_of(const Primitive& primitive);

} // namespace nfup::intent
