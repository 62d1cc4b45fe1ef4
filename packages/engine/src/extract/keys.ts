/** Keys of which a person has one at a time: a new value replaces the old one. */
export const SINGLE_VALUED_KEYS: readonly string[] = [
  "name",
  "preferred_name",
  "pronouns",
  "age",
  "birthday",
  "birth_year",
  "birthplace",
  "hometown",
  "home_city",
  "home_country",
  "nationality",
  "timezone",
  "marital_status",
  "employer",
  "job_title",
  "industry",
  "workplace",
  "employment_status",
  "native_language",
  "diet",
];

/** Keys that hold several values side by side. */
export const MULTI_VALUED_KEYS: readonly string[] = [
  "likes",
  "dislikes",
  "prefers",
  "avoids",
  "languages",
  "pets",
  "allergies",
  "hobbies",
  "children",
  "siblings",
  "past_employer",
  "past_home_city",
];
