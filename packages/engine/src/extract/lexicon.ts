// Closed word lists: a statement is believed only where its value is a word of the right kind.

function words(list: string): ReadonlySet<string> {
  return new Set(list.split(/,\s*/u));
}

export const LANGUAGES: ReadonlySet<string> = /* @__PURE__ */ words(
  "afrikaans, albanian, amharic, arabic, armenian, basque, bengali, bulgarian, cantonese, catalan, chinese, croatian, czech, danish, dutch, english, estonian, farsi, finnish, flemish, french, galician, georgian, german, greek, gujarati, hebrew, hindi, hungarian, icelandic, indonesian, irish, italian, japanese, kannada, kazakh, khmer, korean, kurdish, lao, latin, latvian, lithuanian, malay, malayalam, maltese, mandarin, marathi, mongolian, nepali, norwegian, pashto, persian, polish, portuguese, punjabi, romanian, russian, serbian, sinhala, slovak, slovenian, somali, spanish, swahili, swedish, tagalog, tamil, telugu, thai, turkish, ukrainian, urdu, uzbek, vietnamese, welsh, yoruba, zulu, brazilian portuguese, british english, american english, simplified chinese, traditional chinese, sign language, american sign language, british sign language, swiss german",
);

export const NATIONALITIES: ReadonlySet<string> = /* @__PURE__ */ words(
  "american, argentinian, australian, austrian, bangladeshi, belgian, brazilian, british, bulgarian, canadian, chilean, chinese, colombian, croatian, cuban, czech, danish, dutch, egyptian, english, ethiopian, filipino, finnish, french, german, ghanaian, greek, hungarian, icelandic, indian, indonesian, iranian, iraqi, irish, israeli, italian, jamaican, japanese, kenyan, korean, lebanese, malaysian, mexican, moroccan, nepali, nigerian, norwegian, pakistani, peruvian, polish, portuguese, romanian, russian, scottish, serbian, singaporean, slovak, south african, spanish, swedish, swiss, syrian, taiwanese, thai, tunisian, turkish, ukrainian, uruguayan, venezuelan, vietnamese, welsh",
);

export const COUNTRIES: ReadonlySet<string> = /* @__PURE__ */ words(
  "afghanistan, albania, algeria, argentina, armenia, australia, austria, bangladesh, belgium, bolivia, brazil, bulgaria, cambodia, cameroon, canada, chile, china, colombia, costa rica, croatia, cuba, cyprus, czechia, the czech republic, denmark, ecuador, egypt, england, estonia, ethiopia, finland, france, georgia, germany, ghana, greece, hungary, iceland, india, indonesia, iran, iraq, ireland, israel, italy, jamaica, japan, jordan, kazakhstan, kenya, kuwait, latvia, lebanon, lithuania, malaysia, malta, mexico, mongolia, morocco, nepal, the netherlands, netherlands, new zealand, nigeria, northern ireland, norway, pakistan, panama, peru, the philippines, philippines, poland, portugal, qatar, romania, russia, rwanda, saudi arabia, scotland, senegal, serbia, slovakia, slovenia, south africa, south korea, korea, spain, sri lanka, sweden, switzerland, syria, taiwan, tanzania, thailand, tunisia, turkey, uganda, ukraine, the uae, uae, the united kingdom, united kingdom, the uk, uk, the united states, united states, the us, the usa, usa, us, uruguay, venezuela, vietnam, wales, zambia, zimbabwe",
);

export const JOBS: ReadonlySet<string> = /* @__PURE__ */ words(
  "accountant, accounts manager, actor, actress, actuary, administrator, analyst, anesthesiologist, animator, archaeologist, architect, archivist, artist, astronomer, attorney, auditor, author, baker, banker, barber, barista, bartender, biologist, bookkeeper, builder, butcher, carer, caregiver, carpenter, cashier, cellist, ceo, cfo, chef, chemist, chiropractor, cleaner, coach, coder, composer, comedian, consultant, contractor, cook, copywriter, counselor, counsellor, cto, coo, curator, dancer, data scientist, dentist, designer, detective, developer, dietitian, director, dj, doctor, ecologist, economist, editor, electrician, engineer, entrepreneur, epidemiologist, estate agent, farmer, filmmaker, firefighter, fisherman, flight attendant, florist, founder, co-founder, cofounder, freelancer, gardener, geologist, graphic designer, hairdresser, historian, housekeeper, illustrator, influencer, interpreter, investor, janitor, jeweller, journalist, judge, lawyer, lecturer, librarian, logistician, machinist, manager, marketer, mathematician, mechanic, midwife, musician, nanny, neurologist, novelist, nurse, nutritionist, officer, optician, optometrist, paralegal, paramedic, pastor, pediatrician, pharmacist, photographer, physician, physicist, physiotherapist, pianist, pilot, plumber, poet, police officer, policeman, postdoc, postman, potter, priest, principal, producer, product manager, product owner, professor, programmer, project manager, psychiatrist, psychologist, radiologist, realtor, receptionist, recruiter, reporter, researcher, sailor, salesman, salesperson, saleswoman, scientist, sculptor, secretary, singer, social worker, sociologist, software engineer, soldier, solicitor, songwriter, statistician, stylist, supervisor, surgeon, surveyor, sysadmin, tailor, teacher, technician, therapist, tester, trader, trainer, translator, truck driver, bus driver, taxi driver, delivery driver, tutor, vet, veterinarian, video editor, violinist, waiter, waitress, web developer, welder, writer, zoologist, student, phd student, undergraduate, intern, apprentice",
);

export const HOBBIES: ReadonlySet<string> = /* @__PURE__ */ words(
  "guitar, piano, violin, cello, drums, flute, clarinet, saxophone, trumpet, ukulele, bass, bass guitar, harp, viola, accordion, banjo, keyboard, tennis, football, soccer, basketball, baseball, softball, volleyball, badminton, squash, rugby, cricket, golf, hockey, ice hockey, field hockey, table tennis, ping pong, padel, pickleball, chess, go, poker, bridge, video games, board games, dungeons and dragons, dungeons & dragons, lacrosse, water polo, handball, pool, darts",
);

export const CONDITIONS: ReadonlySet<string> = /* @__PURE__ */ words(
  "diabetes, type 1 diabetes, type 2 diabetes, asthma, celiac disease, coeliac disease, epilepsy, adhd, add, autism, dyslexia, arthritis, high blood pressure, hypertension, anxiety, depression, insomnia, migraines, ibs, crohn's disease, crohn's, ulcerative colitis, endometriosis, pcos, hypothyroidism, fibromyalgia, lupus, multiple sclerosis, parkinson's, sleep apnea, tinnitus, psoriasis, eczema, hay fever, anemia, ptsd, ocd, high cholesterol",
);

/** Capitalised words that stand where a name might ("this is Great"). */
export const NOT_NAMES: ReadonlySet<string> = /* @__PURE__ */ words(
  "urgent, important, great, good, bad, new, serious, amazing, awesome, perfect, wrong, right, ridiculous",
);

/** Capitalised words that are neither people nor places nor employers. */
export const CALENDAR: ReadonlySet<string> = /* @__PURE__ */ words(
  "monday, tuesday, wednesday, thursday, friday, saturday, sunday, january, february, march, april, may, june, july, august, september, october, november, december, christmas, easter, halloween, thanksgiving, ramadan, hanukkah, diwali, god, lord, jesus, i, i'm, i'll, i've, i'd, ok, okay, tbh, lol, omg, btw, he, she, they, we, you, it, the, a, and, but, so",
);

/** Products and plans that people "move to", "join" or "are on" without living or working there. */
export const NOT_PLACES: ReadonlySet<string> = /* @__PURE__ */ words(
  "dropbox, google, icloud, onedrive, apple, microsoft, trello, jira, asana, figma, stripe, paypal, revolut, vercel, heroku, netlify, shopify, wordpress, substack, medium, chatgpt, claude, gemini, openai, copilot, intellij, webstorm, eclipse, arch, debian, fedora, nixos, webpack, vite, jest, vitest, mastodon, bluesky, twitch, youtube, audible, kindle, exchange, oracle, salesforce, hubspot, webflow, wix, squarespace, elasticsearch, prisma, drizzle, express, fastify, django, flask, rails, laravel, spring, linux, ubuntu, windows, mac, macos, android, ios, iphone, python, typescript, javascript, rust, go, golang, java, kotlin, swift, react, vue, svelte, angular, next.js, nextjs, node, node.js, deno, bun, aws, azure, gcp, postgres, postgresql, mysql, mongodb, redis, sqlite, docker, kubernetes, vim, neovim, emacs, vs code, vscode, cursor, github, gitlab, slack, teams, discord, zoom, chrome, firefox, safari, gmail, outlook, notion, obsidian, excel, sales, marketing, engineering, finance, hr, product, support, design, plan b, plan a, team, pro, premium, minecraft, hope, fear, denial, peace, hell, heaven, excel, facebook, instagram, twitter, reddit, linkedin, tiktok, snapchat, whatsapp, telegram, signal, netflix, duolingo, strava, spotify, mars, narnia, hogwarts, wonderland",
);
