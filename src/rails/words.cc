// What words announce: names, dates of birth, street addresses, health, numbered documents.
//
// Vectorscan finds the announcing words, all at once and case-insensitively; here each gets a second look at
// what stands around it. Capital letters decide whether something is a name, so texts in all lower case
// escape, and so does every name that nothing announces: without a model for names, guessing them would call
// every word problem about "Mrs. Smith's apples" personal. docs/data_classes.md has the measured figures.

#include <algorithm>
#include <string_view>

#include "rails/finding.h"

namespace baton::rails {
namespace {

std::size_t SkipSpaces(std::string_view t, std::size_t p, std::size_t most = 3) {
  while (p < t.size() && most-- > 0 && (t[p] == ' ' || t[p] == '\t')) ++p;
  return p;
}

std::size_t WordEnd(std::string_view t, std::size_t p) {
  while (p < t.size() &&
         (IsAlnum(t[p]) || ((t[p] == '-' || t[p] == '\'') && p + 1 < t.size() && IsLetter(t[p + 1]))))
    ++p;
  return p;
}

// Capitals of Latin-1, and all of what follows up to Greek and Cyrillic capitals; quotes and CJK are none.
bool BeginsCapital(std::string_view t, std::size_t p) {
  if (p >= t.size()) return false;
  auto c = static_cast<unsigned char>(t[p]);
  auto next = p + 1 < t.size() ? static_cast<unsigned char>(t[p + 1]) : 0u;
  if (c == 0xc3) return next < 0x9f;
  if (c == 0xd0) return next < 0xb0;
  return IsUpper(t[p]) || (c >= 0xc4 && c <= 0xce);
}

constexpr std::string_view kParticles[] = {"de",  "da",  "di", "del", "della", "van", "von",
                                           "der", "den", "la", "le",  "dos",   "do",  "du",
                                           "bin", "al",  "el", "y",   "zu",    "ter", "ten"};

bool IsParticle(std::string_view w) {
  return std::find(std::begin(kParticles), std::end(kParticles), w) != std::end(kParticles);
}

// Words that are written with a capital and are not names.
constexpr std::string_view kNotNames[] = {
    "The",      "A",         "An",        "I",        "In",       "On",        "At",       "It",
    "My",       "We",        "You",       "He",       "She",      "They",      "This",     "That",
    "What",     "Not",       "No",        "Yes",      "And",      "But",       "For",      "From",
    "Please",   "Data",      "Records",   "Care",     "ID",       "Id",        "Number",   "Information",
    "Safety",   "Portal",    "Education", "Name",     "Date",     "String",    "None",     "Null",
    "True",     "False",     "Der",       "Die",      "Das",      "Le",        "Les",      "El",
    "Los",      "Here",      "There",     "Monday",   "Tuesday",  "Wednesday", "Thursday", "Friday",
    "Saturday", "Sunday",    "January",   "February", "March",    "April",     "June",     "July",
    "August",   "September", "October",   "November", "December", "AI",        "ChatGPT",  "Assistant",
    "English",  "French",    "German",    "Spanish",  "Italian",  "American",  "British",  "Chinese",
    "Indian",   "European"};

bool IsName(std::string_view w) {
  return std::find(std::begin(kNotNames), std::end(kNotNames), w) == std::end(kNotNames);
}

// Reads up to five capitalised words (particles between them allowed) at `p`. Returns how many capitalised
// ones there are and where the last ends.
int ReadName(std::string_view t, std::size_t p, std::size_t* end) {
  int names = 0;
  *end = p;
  for (int i = 0; i < 5; ++i) {
    std::size_t e = WordEnd(t, p);
    if (e == p || e - p > 30) break;
    std::string_view word = t.substr(p, e - p);
    if (BeginsCapital(t, p) && IsName(word)) {
      bool digits = std::any_of(word.begin(), word.end(), IsDigit);
      if (digits) break;
      ++names;
      *end = e;
    } else if (names == 0 || !IsParticle(word)) {
      break;
    }
    std::size_t next = e < t.size() && t[e] == '.' && e - p <= 2 ? e + 1 : e;  // "J. Smith", "Dr. X"
    if (next >= t.size() || t[next] != ' ') break;
    p = next + 1;
  }
  return names;
}

std::size_t SkipTitle(std::string_view t, std::size_t p) {
  for (std::string_view title :
       {"Mr. ", "Mrs. ", "Ms. ", "Dr. ", "Prof. ", "Miss ", "Mr ", "Mrs ", "Herr ", "Frau "}) {
    if (t.substr(p, title.size()) == title) return p + title.size();
  }
  return p;
}

void Name(std::string_view t, std::size_t begin, std::size_t end, int least, Findings* out) {
  if (!BoundaryBefore(t, begin)) return;
  std::size_t p = SkipSpaces(t, end), stop;
  p = SkipTitle(t, p);
  if (ReadName(t, p, &stop) >= least) out->push_back({"name", Sensitivity::kPersonal, p, stop});
}

// "my name is", "je m'appelle": one capitalised word is enough.
void NameAfter(std::string_view t, std::size_t b, std::size_t e, Findings* out) {
  Name(t, b, e, 1, out);
}
// "i am", "name:": only a first and a last name are proof.
void FullNameAfter(std::string_view t, std::size_t b, std::size_t e, Findings* out) {
  Name(t, b, e, 2, out);
}

// "Kind regards,\nMaria Lopez"
void Signature(std::string_view t, std::size_t begin, std::size_t end, Findings* out) {
  if (!BoundaryBefore(t, begin)) return;
  std::size_t p = end;
  if (p < t.size() && (t[p] == ',' || t[p] == '!')) ++p;
  bool line = false;
  for (std::size_t i = 0; i < 6 && p < t.size() && IsSpace(t[p]); ++i, ++p) line = line || t[p] == '\n';
  std::size_t stop;
  if (line && ReadName(t, SkipTitle(t, p), &stop) >= 1)
    out->push_back({"name", Sensitivity::kPersonal, p, stop});
}

// A date of birth: a year 19xx or 20xx, or day/month/year, within 40 bytes behind the word.
void Birth(std::string_view t, std::size_t begin, std::size_t end, Findings* out) {
  if (!BoundaryBefore(t, begin)) return;
  std::size_t limit = std::min(t.size(), end + 40), first = 0;
  int numbers = 0;
  for (std::size_t p = end; p < limit;) {
    if (!IsDigit(t[p])) {
      ++p;
      continue;
    }
    std::size_t e = p;
    while (e < t.size() && IsDigit(t[e])) ++e;
    if (numbers++ == 0) first = p;
    bool year = e - p == 4 && (t.substr(p, 2) == "19" || t.substr(p, 2) == "20");
    bool date = numbers == 3 && e - first <= 10;
    if (e - p > 4) return;
    if (year || date) {
      // "1984-03-12": take the rest along.
      while (e < t.size() && e - p < 10 && (IsDigit(t[e]) || t[e] == '-' || t[e] == '/') && e + 1 < t.size())
        ++e;
      out->push_back({"birth_date", Sensitivity::kPersonal, first, e});
      return;
    }
    p = e;
  }
}

// ---- street addresses ----

bool IsHouseNumber(std::string_view w) {
  if (w.empty() || w.size() > 6 || !IsDigit(w[0])) return false;
  auto digits = static_cast<std::size_t>(std::find_if_not(w.begin(), w.end(), IsDigit) - w.begin());
  return digits <= 5 && w.size() - digits <= 1;
}

// English: "221B Baker Street": capitalised words before the word, a number before those.
void StreetNumberFirst(std::string_view t, std::size_t begin, std::size_t end, Findings* out) {
  if (!BoundaryAfter(t, end) || begin == 0 || t[begin - 1] != ' ') return;
  std::size_t p = begin - 1;
  for (int words = 0; words < 5; ++words) {
    std::size_t e = p, b = p;
    while (b > 0 && (IsAlnum(t[b - 1]) || t[b - 1] == '.' || t[b - 1] == '\'' || t[b - 1] == '-')) --b;
    if (b == e) return;
    if (words > 0 && IsHouseNumber(t.substr(b, e - b))) {
      out->push_back({"address", Sensitivity::kPersonal, b, end});
      return;
    }
    if (!BeginsCapital(t, b) && !IsDigit(t[b])) return;
    if (b == 0 || t[b - 1] != ' ') return;
    p = b - 1;
  }
}

// German, Dutch, Scandinavian: "Hauptstraße 12": the word ends a capitalised name, a number follows.
void StreetNumberLast(std::string_view t, std::size_t begin, std::size_t end, Findings* out) {
  std::size_t b = begin;
  while (b > 0 && begin - b < 30 && (IsLetter(t[b - 1]) || t[b - 1] == '-' || t[b - 1] == '.')) --b;
  if (!BeginsCapital(t, b)) return;
  if (end < t.size() && t[end] == '.') ++end;
  std::size_t p = SkipSpaces(t, end), e = p;
  if (p == end) return;
  while (e < t.size() && IsAlnum(t[e])) ++e;
  std::string_view number = t.substr(p, e - p);
  bool year = number.size() == 4 && (number.starts_with("19") || number.starts_with("20"));
  if (IsHouseNumber(number) && number[0] != '0' && !year)
    out->push_back({"address", Sensitivity::kPersonal, b, e});
}

// Romance languages: "12, rue de la Paix", "Calle Mayor 5", "Via Roma, 12": a capitalised name behind the
// word and a number on either side.
void StreetNamed(std::string_view t, std::size_t begin, std::size_t end, Findings* out) {
  if (!BoundaryBefore(t, begin) || end >= t.size() || t[end] != ' ') return;
  std::size_t p = end + 1, stop = p;
  bool capital = false;
  for (int i = 0; i < 5; ++i) {
    std::size_t e = WordEnd(t, p);
    std::string_view w = t.substr(p, e - p);
    std::size_t apostrophe = w.find('\'');
    bool big =
        BeginsCapital(t, p) || (apostrophe != std::string_view::npos && BeginsCapital(w, apostrophe + 1));
    if (e == p || (!big && !IsParticle(w) && w != "des" && w != "las" && w != "los")) break;
    capital = capital || big;
    stop = e;
    if (e >= t.size() || t[e] != ' ') break;
    p = e + 1;
  }
  if (!capital) return;
  std::size_t b = begin;
  while (b > 0 && begin - b < 3 && (t[b - 1] == ' ' || t[b - 1] == ',')) --b;
  std::size_t nb = b;
  while (nb > 0 && IsDigit(t[nb - 1])) --nb;
  if (nb < b && b < begin && b - nb <= 4 && BoundaryBefore(t, nb)) {
    out->push_back({"address", Sensitivity::kPersonal, nb, stop});
    return;
  }
  p = stop;
  while (p < t.size() && p - stop < 3 && (t[p] == ' ' || t[p] == ',')) ++p;
  std::size_t e = p;
  while (e < t.size() && IsAlnum(t[e])) ++e;
  if (p > stop && IsHouseNumber(t.substr(p, e - p)))
    out->push_back({"address", Sensitivity::kPersonal, begin, e});
}

// "my address is", "lives at": whatever has a number in the next 60 bytes of the sentence.
void AddressAfter(std::string_view t, std::size_t begin, std::size_t end, Findings* out) {
  if (!BoundaryBefore(t, begin)) return;
  std::size_t p = end;
  while (p < t.size() && p - end < 3 && (t[p] == ' ' || t[p] == ':' || t[p] == '\n')) ++p;
  std::size_t limit = std::min(t.size(), p + 60), e = p;
  bool digit = false, letter = false;
  for (; e < limit && t[e] != '?' && t[e] != '!' && t[e] != ';'; ++e) {
    digit = digit || IsDigit(t[e]);
    letter = letter || IsUpper(t[e]) || IsHigh(t[e]);
    if (t[e] == '@' || (t[e] == ':' && e + 1 < t.size() && t[e + 1] == '/')) return;  // e-mail or web address
    if (t[e] == '.' && digit && e + 1 < t.size() && IsSpace(t[e + 1])) break;
  }
  if (digit && letter && e > p + 6) out->push_back({"address", Sensitivity::kPersonal, p, e});
}

// ---- health ----

constexpr std::string_view kPersonWords =
    "my |i have|i've|i was|i am|i'm|patient|he has|she has|his |her |diagnosed|son "
    "|daughter|wife|husband|mother|"
    "father|employee|colleague|ich habe|ich bin|mein|meine|patientin|j'ai|je suis|mon |ma |tengo|mi "
    "|paciente|ho il|"
    "mio |mia |paziente|tenho|meu |minha |ik heb|mijn ";

// A medical term counts when somebody's own: a person stands within 60 bytes before it or 30 behind it.
void Health(std::string_view t, std::size_t begin, std::size_t end, Findings* out) {
  if (!BoundaryBefore(t, begin)) return;
  std::size_t from = begin > 60 ? begin - 60 : 0;
  while (from < begin && from > 0 && IsAlnum(t[from - 1])) ++from;
  bool person =
      HasWord(t, from, begin, kPersonWords) || HasWord(t, end, std::min(t.size(), end + 30), "patient");
  if (person) out->push_back({"health", Sensitivity::kPersonal, begin, end});
}

// "passport number: X1234567": a token with at least five digits behind the word.
void DocumentNumber(std::string_view t, std::size_t begin, std::size_t end, Findings* out) {
  if (!BoundaryBefore(t, begin)) return;
  std::size_t limit = std::min(t.size(), end + 30);
  for (std::size_t p = end; p < limit;) {
    std::size_t e = p;
    while (e < t.size() && IsAlnum(t[e])) ++e;
    auto digits = std::count_if(t.begin() + static_cast<std::ptrdiff_t>(p),
                                t.begin() + static_cast<std::ptrdiff_t>(e), IsDigit);
    if (digits >= 5 && e - p <= 20) {
      out->push_back({"document_id", Sensitivity::kPersonal, p, e});
      return;
    }
    p = e + 1;
  }
}

struct Group {
  void (*find)(std::string_view, std::size_t, std::size_t, Findings*);
  std::string_view words;  // separated by '|'
};

constexpr Group kGroups[] = {
    {NameAfter,
     "my name is |my name's |my full name is |i am called |call me |mein name ist |ich hei\xc3\x9f"
     "e |ich heisse |"
     "je m'appelle |je m\xe2\x80\x99"
     "appelle |mon nom est |me llamo |mi nombre es |mi chiamo |il mio nome \xc3\xa8 |"
     "meu nome \xc3\xa9 |me chamo |mijn naam is |ik heet |patient |patientin |paciente |paziente |"
     "name of the patient is |her name is |his name is |customer name: |patient name: |client name: "},
    {FullNameAfter,
     "i am |i'm |ich bin |je suis |soy |sono |ik ben |name: |full name: |customer: |client: |employee: |"
     "applicant: |candidate: |contact: |nom : |nom: |nombre: |nome: |naam: |kunde: |mitarbeiter: "},
    {Signature,
     "regards|sincerely|best wishes|cheers|yours truly|gr\xc3\xbc\xc3\x9f"
     "en|gr\xc3\xbc\xc3\x9f"
     "e|cordialement|"
     "saludos|cordiali saluti|atenciosamente|met vriendelijke groet"},
    {Birth,
     "born on|born in|born|date of birth|birth date|birthdate|birthday|dob|d.o.b|geboren "
     "am|geburtsdatum|geboren op|"
     "geboortedatum|n\xc3\xa9 le|n\xc3\xa9"
     "e le|date de naissance|nacido el|nacida el|fecha de nacimiento|nato il|"
     "nata il|data di nascita|nascido em|nascida em|data de nascimento"},
    {StreetNumberFirst,
     "street|avenue|road|boulevard|lane|drive|court|square|place|terrace|parkway|highway|crescent|close|"
     " st| ave| rd| blvd| ln| dr| ct| hwy| pkwy"},
    {StreetNumberLast,
     "stra\xc3\x9f"
     "e|strasse|str.|weg|platz|allee|gasse|damm|ufer|straat|laan|plein|gracht|kade|gatan|"
     "v\xc3\xa4gen|gata|gade|vej|veien|katu|kuja"},
    {StreetNamed,
     "rue|avenue|boulevard|place|chemin|impasse|quai|all\xc3\xa9"
     "e|route|calle|avenida|plaza|paseo|camino|via|viale|"
     "piazza|corso|vicolo|rua|travessa|pra\xc3\xa7"
     "a|largo|ul."},
    {AddressAfter,
     "address is|address of|address:|lives at|live at|living at|reside at|resides at|resident of|moved "
     "to|deliver to|"
     "deliver it to|ship to|ship it to|wohnhaft in|ich wohne in|adresse ist|anschrift:|j'habite|mon adresse "
     "est|"
     "domicili\xc3\xa9|vivo en|mi direcci\xc3\xb3n es|abito in|il mio indirizzo|moro na|meu "
     "endere\xc3\xa7o|ik woon"},
    {Health,
     "diagnos|diabet|cancer|tumor|tumour|chemotherap|hiv|aids|hepatitis|depression|depress|bipolar|"
     "schizophren|"
     "epilep|asthma|pregnan|miscarriage|abortion|blood pressure|blood test|biopsy|mri |surgery|prescri|"
     "medication|antidepressant|insulin|allerg|therapist|psychiatr|disabilit|dementia|alzheimer|parkinson|"
     "stroke|heart attack|symptom|medical record|medical history|lab result|addiction|rehab|sick leave|"
     "krankheit|krebs|schwanger|krankgeschrieben|arzt|medikament|malade|maladie|grossesse|enceinte|"
     "ordonnance|"
     "enfermedad|c\xc3\xa1ncer|embaraz|receta|malattia|incinta|ricetta|doen\xc3\xa7"
     "a|gr\xc3\xa1vida|ziekte|zwanger"},
    {DocumentNumber,
     "passport number|passport no|passport|driver's license|driver license|drivers license|driving licence|"
     "license number|licence number|medical record number|mrn|national id|id card|identity card|insurance "
     "number|"
     "policy number|tax id|taxpayer|ausweisnummer|personalausweis|reisepass|passeport|pasaporte|passaporto|"
     "account number|bank account|kontonummer|num\xc3\xa9ro de compte|routing number"},
};

}  // namespace

bool HasWord(std::string_view text, std::size_t from, std::size_t to, std::string_view words) {
  char window[96];
  to = std::min(to, text.size());
  if (to - from > sizeof window) from = to - sizeof window;
  std::size_t n = 0;
  for (std::size_t i = from; i < to; ++i) window[n++] = LowerAscii(text[i]);
  std::string_view w(window, n);
  while (!words.empty()) {
    std::size_t bar = words.find('|');
    if (w.find(words.substr(0, bar)) != std::string_view::npos) return true;
    words = bar == std::string_view::npos ? std::string_view() : words.substr(bar + 1);
  }
  return false;
}

void AppendWordAnchors(std::vector<Anchor>* out) {
  for (const auto& group : kGroups) {
    for (std::string_view rest = group.words; !rest.empty();) {
      std::size_t bar = rest.find('|');
      out->push_back({rest.substr(0, bar), group.find});
      rest = bar == std::string_view::npos ? std::string_view() : rest.substr(bar + 1);
    }
  }
}

}  // namespace baton::rails
