// SPDX-License-Identifier: BSD-2-Clause
// What a class says about itself. Written in its source with the macros of
// bpf/nfup.h, carried in the object's BTF, read by the loader; the passes only
// see this.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kernel.h"
#include "result.h"

namespace nfup::intent {

enum class ClassKind { module, atom };

struct Param {
	std::string name;                    // LENGTH: also the keyword, and the rodata variable
	std::string type;                    // "size", "duration", "patterns", … (docs/language.md)
	std::optional<std::string> fallback; // default as text; none = required
	std::string range;                   // "MIN..MAX" or a comma list for enums; may be empty
	std::string doc;
	unsigned size = 0;    // bytes of its constant
	bool keyword = false; // written by name only
};

struct Output {
	std::string name;
	bool optional = false; // may stay unconnected
	bool repeated = false; // one output per element of the list parameter
};

// A fact that holds behind a node: on every output, or on one only.
struct Fact {
	std::string name;
	int out = -1; // -1: every output
};

struct ClassInfo {
	std::string name;
	ClassKind kind = ClassKind::module;
	std::string doc;
	std::string source; // path of the file it came from
	int inputs = 1;
	std::vector<Output> outputs;
	std::vector<Param> params;
	std::vector<Fact> requires_;
	std::vector<Fact> provides;
	std::vector<Fact> revokes;      // hold no more behind it; "*": none does
	std::vector<std::string> uses;  // functionalities that it calls (functionality.h)
	std::vector<std::string> code;  // all that it is linked with: those, and what they use
	std::vector<std::string> state; // names of the state maps it touches
	// The state whose entries the parameter CAPACITY counts: the one that the class is
	// named after, or its only one. Empty: it has no such parameter.
	std::string capacity;
	Kernel kernel = oldest_kernel; // the oldest that loads it
};

// The parameter that every such class has beside its own; no constant of its program.
inline constexpr const char* capacity_param = "CAPACITY";

// Where classes come from. The loader implements it over compiled objects;
// tests implement it over literals.
class ClassLibrary {
public:
	virtual ~ClassLibrary() = default;
	// Every class that could be used, for "nearest name" hints. Cheap.
	virtual std::vector<std::string> names() const = 0;
	// nullptr: no such class. An Error: it exists but does not compile, say.
	virtual Result<const ClassInfo*> find(const std::string& name) = 0;
};

} // namespace nfup::intent
