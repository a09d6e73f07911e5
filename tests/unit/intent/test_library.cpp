// SPDX-License-Identifier: BSD-2-Clause
#include "test_library.h"

#include <utility>

#include "bpf/lib/classifier.h"

namespace nfup::intent::test {

Param param(std::string name, std::string type, unsigned size, std::optional<std::string> fallback, std::string range)
{
	Param p;
	p.name = std::move(name);
	p.type = std::move(type);
	p.size = size;
	p.fallback = std::move(fallback);
	p.range = std::move(range);
	return p;
}

namespace {

ClassInfo make(std::string name, std::vector<Output> outputs, std::vector<Param> params = {})
{
	ClassInfo info;
	info.name = std::move(name);
	info.outputs = std::move(outputs);
	info.params = std::move(params);
	return info;
}

} // namespace

ClassInfo& TestLibrary::add(ClassInfo info)
{
	return classes_.insert_or_assign(info.name, info).first->second;
}

TestLibrary::TestLibrary()
{
	add(make("FromDevice", {{"out"}}, {param("DEVICE", "device", 4)})).inputs = 0;
	add(make("ToDevice", {}, {param("DEVICE", "device", 4)}));
	add(make("Classifier", {{"pattern", false, true}},
		 {param("PATTERNS", "patterns", sizeof(classifier_program))}));
	add(make("Share", {{"share", false, true}}));
	add(make("Strip", {{"out"}}, {param("LENGTH", "size", 4, {}, "0..2047")}));
	add(make("Counter", {{"out"}}));
	add(make("Null", {{"out"}}));
	add(make("Discard", {}));
	add(make("CheckIPHeader", {{"out"}, {"bad", true}},
		 {param("OFFSET", "size", 4, "0"), param("CHECKSUM", "bool", 1, "true")}))
	    .provides = {{"ip-header", 0}, {"five-tuple", 0}};
	ClassInfo& decap = add(make("IPIPDecap", {{"out"}, {"other", true}}));
	decap.requires_ = {{"ip-header"}};
	decap.revokes = {{"*", 0}};
	add(make("CheckTCPHeader", {{"out"}, {"bad", true}})).requires_ = {{"ip-header"}};
	for (const char* name : {"ReadWL", "WriteWL", "ReadFSM", "WriteFSM"}) {
		ClassInfo& atom = add(make(name, {{"hit"}}));
		atom.kind = ClassKind::atom;
		atom.requires_ = {{"five-tuple"}};
	}
	add(make("ReadWL", {{"hit"}, {"miss"}})).requires_ = {{"five-tuple"}};
	add(make("ReadFSM", {{"valid"}, {"invalid"}, {"established"}})).requires_ = {{"five-tuple"}};
	add(make("Merge", {{"out"}})).inputs = 2;
	add(make("Limit", {{"out"}, {"over", true}},
		 {param("RATE", "rate", 8, {}, "1..1G"), param("BURST", "int", 4, "16"),
		  param("TIMEOUT", "duration", 8, "5s", "1ms..1h"),
		  param("MODE", "enum", 4, "drop", "drop,mark,pass")}));
}

std::vector<std::string> TestLibrary::names() const
{
	std::vector<std::string> out;
	for (const auto& [name, info] : classes_)
		out.push_back(name);
	return out;
}

Result<const ClassInfo*> TestLibrary::find(const std::string& name)
{
	++finds;
	const auto found = classes_.find(name);
	return found == classes_.end() ? nullptr : &found->second;
}

} // namespace nfup::intent::test
