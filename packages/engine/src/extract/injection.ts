/** What a text tries to do to the model that reads it (contract 7.17). */
export type InjectionKind =
  | "instruction_override"
  | "role_override"
  | "tool_override"
  | "system_prompt_leak"
  | "prompt_template_injection"
  | "base64_instruction";

export interface InjectionRule {
  kind: InjectionKind;
  pattern: RegExp;
}

/** Where an order may begin: a line, a sentence, or behind words that lead up to one. */
const ORDER =
  "(?:^|[.!?:;,\"'“”()\\[\\]{}>*#|-]\\s*|\\n\\s*|\\b(?:please|now|just|must|shall|then|and|so|but|first|always|kindly|immediately|important|attention|should|you (?:will|need to|have to|are to)|(?:can|could|would|will) you|i (?:want|need|order|command) you to|system|assistant|ai|user|hey|ok|okay|hello|hi|from (?:now|here) on)[:,]?\\s+)";
const OLD =
  "(?:previous|prior|above|earlier|preceding|existing|initial|original|foregoing|former|past|current|system|safety|other|developer|hidden|prescribed|given)";
const RULES =
  "(?:instructions?|instructons?|rules|prompts?|guidelines|guidance|directives?|directions|commands?|constraints|polic(?:y|ies)|programming|training|orders|restrictions|guardrails|safeguards|filters|protocols)";
const FORGET =
  "(?:ignore|disregard|forget|override|overrule|bypass|discard|neglect|abandon|set aside|pay no attention to|(?:do not|don't) (?:follow|obey|listen to)|stop (?:following|obeying)|throw (?:away|out)|wipe|erase|delete|drop|cancel|nullify|void)";
const HIDDEN =
  "(?:(?:system|initial|hidden|original|secret|developer|internal|base|confidential|full|exact|complete|entire|starting|pre-?set|underlying) )+(?:prompts?|instructions?|messages?|rules|guidelines|configuration|directives?)";
const SHOW =
  "(?:reveal|show|print|repeat|output|display|tell|give|dump|share|write|leak|expose|return|disclose|recite|list|copy|paste|summari[sz]e|translate|quote|provide|send|spell|encode)";

const RULE_TABLE: readonly (readonly [InjectionKind, string])[] = [
  // rules of the reader are set aside
  [
    "instruction_override",
    `${ORDER}${FORGET} (?:[\\w'’,-]+ ){0,5}?${OLD} (?:[\\w'’-]+ ){0,3}?${RULES}\\b`,
  ],
  [
    "instruction_override",
    `${ORDER}${FORGET} (?:all |any |every |each |everything |of |the ){0,4}(?:your|you're|ur) (?:[\\w'’-]+ ){0,3}?${RULES}\\b`,
  ],
  [
    "instruction_override",
    `${ORDER}(?:ignore|disregard|forget|override|bypass|stop following|(?:do not|don't) (?:follow|obey)) (?:all|every|any)(?: of)?(?: the| these| those)? ${RULES}\\b(?! (?:files?|below))`,
  ],
  [
    "instruction_override",
    `${ORDER}${FORGET} (?:absolutely )?(?:everything|all|anything|whatever|what) (?:(?:that |which )?(?:you(?:'ve| have)? (?:were|was|been|are|have been)? ?(?:told|instructed|taught|given|learned)|i (?:said|told you)|was said|came|comes|is written|is)(?: \\w+){0,3}? ?)?(?:above|before(?:hand)?|previously|earlier|so far|prior|until now|told)\\b`,
  ],
  [
    "instruction_override",
    `${ORDER}${FORGET} (?:the|this|that|your)? ?(?:above|context|conversation)(?: above| so far)? and (?:instead |now |then )?(?:\\w+)`,
  ],
  [
    "instruction_override",
    "\\b(?:your|these are (?:your|the)|here are (?:your|the)|the following are your) (?:new|real|actual|true|updated|only) (?:set of )?(?:instructions?|rules|directives?|orders|task|objective|goal|mission)\\b(?: (?:is|are)|:| now)",
  ],
  [
    "instruction_override",
    "(?:^|\\n|[.!?] )\\W{0,6}(?:new|updated|revised|real|urgent|priority|admin(?:istrator)?|override|hidden|secret) (?:system )?(?:instructions?|directives?|orders?|prompt)(?: (?:for|from) (?:the )?\\w+(?: \\w+)?)?\\s*[:\\n]",
  ],
  [
    "instruction_override",
    `\\b(?:these|this|the following|my|new) ${RULES} (?:override|supersede|replace|take (?:precedence|priority) over|outrank)s? (?:all |any |every |the )*(?:your|previous|prior|earlier|existing|other instructions)`,
  ],
  [
    "instruction_override",
    "\\b(?:you (?:must|should|will|are|can) (?:now )?(?:ignore|disregard|forget)|your (?:previous|prior|earlier|old) (?:instructions|rules|guidelines|prompt) (?:are|is|no longer|have been|has been|don't|do not)) ?(?:\\w+ ){0,3}?(?:void|cancell?ed|revoked|obsolete|invalid|apply|suspended|replaced|over|null|all (?:previous|prior|your))\\b",
  ],
  [
    "instruction_override",
    `${ORDER}${FORGET} (?:all |any |every |of |the |these |those ){1,4}${RULES} (?:that |which )?(?:you (?:were|have been|are|got)|(?:were )?given|above|from (?:above|before|earlier))\\b`,
  ],
  [
    "instruction_override",
    `\\ball (?:your |the )?(?:previous|prior|earlier|former) ${RULES} (?:are|have been|were) (?:now |hereby )?(?:void|cancell?ed|revoked|obsolete|invalid|suspended|null|overridden)\\b`,
  ],
  [
    "instruction_override",
    "\\b(?:ignora|olvida|descarta|omite)(?:d|r)? (?:todas? |por completo )?(?:las |tus )?(?:instrucciones|reglas|indicaciones)(?: (?:anteriores|previas|de arriba|del sistema))?",
  ],
  [
    "instruction_override",
    "\\b(?:ignore[zr]?|oublie[zr]?|ne tene?z? pas compte de) (?:toutes? )?(?:les |tes |vos |des )?(?:instructions?|consignes|regles) (?:precedentes?|ci-dessus|anterieures|du systeme)",
  ],
  [
    "instruction_override",
    "\\b(?:ignoriere?n?|vergiss|vergessen|missachte)(?: sie)? (?:bitte )?(?:alle |saemtliche )?(?:deine |ihre |die )?(?:vorherigen|bisherigen|obigen|fruheren|vorigen|vorangegangenen) (?:anweisungen|instruktionen|befehle|regeln|vorgaben)",
  ],
  [
    "instruction_override",
    "\\b(?:ignora|dimentica|trascura)(?:te|re)? (?:tutte )?(?:le )?(?:istruzioni|regole)(?: (?:precedenti|sopra|di sistema))",
  ],
  [
    "instruction_override",
    "\\b(?:ignore|esqueca|desconsidere) (?:todas )?(?:as |suas )?(?:instrucoes|regras)(?: (?:anteriores|acima|do sistema))",
  ],
  [
    "instruction_override",
    "(?:игнорируи|забудь|проигнорируи|отмени)(?:те)? (?:все )?(?:предыдущие|прежние|вышеуказанные) (?:инструкции|указания|правила|команды)",
  ],
  [
    "instruction_override",
    "(?:忽略|无视|忘记|無視)(?:掉)?(?:之前|以上|先前|前面|上述|所有|你)?(?:的)?(?:所有|全部|一切)?(?:的)?(?:指令|指示|说明|提示|规则|設定)",
  ],
  [
    "instruction_override",
    "(?:以前|これまて|これまで|上記|前|すべて|すへて)の?(?:すべての|すへての)?(?:指示|命令|ルール)を?(?:すべて|すへて|全て)?(?:無視|忘れ)",
  ],

  // the reader becomes somebody else
  [
    "role_override",
    "\\byou are (?:now|hereby|from now on) (?:called |named |known as |acting as |playing |in )?(?:an? |the |my )?(?:dan\\b|stan\\b|dude\\b|(?:\\w+ ){0,3}?(?:unrestricted|unfiltered|uncensored|unbound|unlimited|jailbroken|evil|rogue|amoral|free of|hacker|ai\\b|assistant|chatbot|bot\\b|language model|persona|character|terminal|shell|god mode|developer mode|debug mode|maintenance mode|(?:different|other|new) \\w+))",
  ],
  [
    "role_override",
    "\\byou are (?:no longer|not) (?:\\w+ ){0,2}?(?:an? (?:\\w+ ){0,2}?(?:assistant|ai|language model|chatbot)|bound|restricted|limited|claude|chatgpt|gpt|required to follow)\\b",
  ],
  [
    "role_override",
    `${ORDER}(?:act|behave|respond|answer|operate|function|roleplay|role-play|pose|speak|work) (?:\\w+ )?(?:as|like) (?:if you (?:are|were|had|have) )?(?:an? |the |my )?(?:dan\\b|(?:\\w+ ){0,4}?(?:unrestricted|unfiltered|uncensored|jailbroken|amoral|evil|rogue|without (?:any )?(?:restrictions|rules|limits|filters|ethics|guidelines|limitations)|no (?:restrictions|rules|limits|filters|guidelines|limitations)|root user|system administrator|superuser|developer mode))`,
  ],
  [
    "role_override",
    "\\bpretend (?:to be|that you(?:'re| are| have)|you(?:'re| are| have|r)) (?:\\w+ ){0,5}?(?:unrestricted|unfiltered|uncensored|no (?:\\w+ )?(?:restrictions|rules|limits|filters|guidelines|limitations)|not (?:bound|restricted|an ai)|dan\\b|jailbroken|evil|free (?:of|from)|admin|administrator|my (?:late )?grand\\w+|developer|without)",
  ],
  [
    "role_override",
    `${ORDER}(?:enter|enable|activate|switch (?:in)?to|turn on|go into|start|initiate) (?:the )?(?:god|developer|dan|sudo|jailbreak|debug|admin|unrestricted|root|maintenance|unsafe|evil|opposite) mode\\b(?! (?:in|on|of|from|via|with|by|for|to) )`,
  ],
  [
    "role_override",
    "\\b(?:developer|god|jailbreak|dan|sudo|unrestricted) mode (?:is )?(?:now )?(?:enabled|activated|engaged|unlocked|on)\\b(?=\\s*[.!:,;][^\\n]{0,80}\\b(?:you|answer|respond|restrict\\w*|filter\\w*|rules)\\b)",
  ],
  [
    "role_override",
    "\\b(?:do anything now|jailbreak(?:ed)? (?:yourself|prompt|persona)|your (?:new|true|real) (?:identity|persona|character|personality) is|your (?:new|true|real) (?:role|purpose) is (?:to|an?))\\b",
  ],
  [
    "role_override",
    "\\bi am (?:your|the) (?:\\w+ )?(?:developer|creator|admin|administrator|owner|master|operator|programmer|engineer)\\b[^\\n]{0,80}?\\b(?:must|obey|comply|grant|unlock|disable|authori[sz]e|allowed?|override|bypass|do as|follow|ignore|reveal)",
  ],
  [
    "role_override",
    `${ORDER}(?:from (?:now on|this (?:moment|point)(?: on| forward)?|here on),? )you (?:are|will be|will act as|become|shall be|must act as|will respond as|will play|will pretend) (?!able|going|welcome|free to|required to (?:use|sign|have))(?:an? |the |my )?\\w+`,
  ],
  [
    "role_override",
    "\\b(?:du bist|sie sind) (?:jetzt|ab sofort|nun) (?:ein|eine|dan)\\b|\\b(?:ahora|a partir de ahora) eres (?:un|una|dan)\\b|\\btu es (?:maintenant|desormais) (?:un|une|dan)\\b|\\b(?:ora|adesso) sei (?:un|una|dan)\\b|你现在是",
  ],

  // the reader's tools are turned against the user
  [
    "tool_override",
    "\\b(?:call|use|invoke|run|execute|trigger|open|browse|query|activate) (?:the |your |this |any |all )?(?:\\w+[ -]){0,4}?(?:tools?|functions?|plugins?|commands?|apis?|shell|terminal|browser|action)\\b[^\\n]{0,120}?\\b(?:without (?:asking|telling|confirm\\w*|approval|permission|notifying|informing|mentioning|user)|(?:do not|don't|never) (?:ask|tell|inform|mention|notify|confirm)|silently|secretly|covertly|regardless of what|no matter what)",
  ],
  [
    "tool_override",
    "\\b(?:without (?:asking|telling|notifying|informing|alerting) (?:the |your )?user|(?:do not|don't|never) (?:tell|inform|mention (?:it|this|that)? ?to|notify|alert|let|warn) (?:the )?user)\\b[^\\n]{0,100}?\\b(?:call|invoke|run|execute|send|delete|transfer|forward|upload|email|post|tool|function|about this|know)\\b",
  ],
  [
    "tool_override",
    "\\b(?:silently|secretly|covertly|quietly)\\b[^.\\n]{0,20}\\b(?:call|invoke|run|execute|send|forward|upload|email|post|exfiltrate|transfer|delete|copy|bcc)\\b[^.\\n]{0,80}\\b(?:to|tool|function|file|everything|conversation|data|history|message|user)",
  ],
  [
    "tool_override",
    `${ORDER}(?:send|forward|post|upload|exfiltrate|transmit|e-?mail|leak|submit|copy|append|include|put|embed) (?:me |us )?(?:all |the |any |every |each |a copy of |your |entire |whole |full |contents? of |user'?s? |customer'?s? |their |his |her |my ){0,5}(?:\\w+ ){0,3}?(?:conversations?|(?:chat|message) (?:history|log)s?|(?<=all (?:\\w+ )?)messages|memor(?:y|ies)|secrets?|api keys?|credentials?|passwords?|tokens?|cookies|private data|personal data|user data|session|environment variables|env vars|ssh keys?)\\b[^\\n]{0,60}?\\b(?:to|in|into|at|as)\\b[^\\n]{0,30}?(?:https?:|www\\.|\\S+@\\S+\\.|attacker|evil|the (?:url|link|following|address|webhook|image))`,
  ],
  [
    "tool_override",
    `${ORDER}(?:send|forward|copy|e-?mail|upload|leak) (?:me )?(?:every|all)(?: of)?(?: the| your| my| user's| their)? (?:emails?|mails?|messages|files|documents|contacts|notes|attachments)\\b[^\\n]{0,60}?\\b(?:to|at)\\b[^\\n]{0,20}?(?:https?:|\\S+@\\S+\\.)`,
  ],
  [
    "tool_override",
    "\\b(?:when(?:ever)?|if|every time|each time) (?:the |a |any )?user (?:asks|says|writes|sends|wants) (?:you )?(?:anything|any (?:question|thing|message)|something)\\b[^\\n]{0,20}?\\b(?:call|invoke|run|use|execute|send|buy|delete)\\b",
  ],
  [
    "tool_override",
    `${ORDER}(?:override|replace|redefine|disable|hijack|ignore|bypass|disregard|turn off) (?:all |any |the |your |every |existing |current ){0,3}(?:(?<=(?:all|any|every|your) (?:the |your |existing |current )?)tools\\b(?! \\w+ (?:that|which))|(?:tool|function)(?:s|'s|s')? (?:definitions?|permissions?|polic(?:y|ies)|restrictions?|schemas?|descriptions?|checks?|approvals?|confirmations?|limits?|safety|guards?|calls?))\\b(?! (?:in|from) (?:your |the )?(?:config|settings|file|package|module))`,
  ],
  [
    "tool_override",
    "(?:instead of|rather than) (?:calling|using|running|invoking) (?:the |your )?(?:\\w+[ -]){0,3}?(?:tool\\b,? (?:you (?:must|should|will) )?(?:always )?|(?:tool|function)\\b,? (?:you (?:must|should|will) |always ))(?:call|use|run|invoke|send)\\b",
  ],
  [
    "tool_override",
    "\\b(?:before|after|when(?:ever)?) (?:you )?(?:answer|answering|respond|responding|reply|replying|using|use|calling|call)(?: (?:any|each|every|the|this|to|other))*(?: (?:question|user|message|tool|tools|request|query|function))?,? (?:you (?:must|should|will) )?(?:always |first |also ){0,2}(?:call|invoke|run|execute|read|fetch|send|transfer|delete|visit) (?:the |all |https?|~|/|\\w+_\\w+)",
  ],
  [
    "tool_override",
    '<(?:tool_call|function_call|tool_use|invoke|function_calls|antml:invoke)\\b[^>]{0,80}>|\\bto=functions\\.\\w+|"(?:tool_calls|function_call)"\\s*:\\s*[\\[{]',
  ],
  [
    "tool_override",
    `${ORDER}(?:delete|wipe|drop|remove|erase|purge|transfer|wire|rm -rf) (?:all |every |the |any |everything |entire )+(?:of )?(?:the |user'?s? |your |their )?(?:\\w+ )?(?:files?|data|memories|records?|emails?|database|account|money|funds|contacts|repositor(?:y|ies))[^\\n]{0,60}?\\b(?:tools?|without asking|right now|immediately|do not ask|don't ask)\\b`,
  ],

  // the reader's own instructions are asked for
  [
    "system_prompt_leak",
    `${ORDER}${SHOW}(?: me| us| out| back| verbatim)*(?: (?:with|all|of|everything|what|is|the|a|copy|contents?|text|first|exact|word|for|verbatim|full|entire|any|in|whole))* (?:your|ur|you're) (?:${HIDDEN}|(?:system|initial|hidden|secret|original|developer)? ?(?:prompts?|instructions|guidelines|rules)\\b(?! (?:for|on|about|to|regarding) ))`,
  ],
  [
    "system_prompt_leak",
    `${ORDER}${SHOW}(?: me| us| out| back| verbatim)* (?:(?:all|of|the|a|copy|contents?|text|full|entire|exact) ){0,5}(?:system|developer|hidden|initial|secret) (?:prompts?|instructions)\\b(?!(?: (?:in|on|for|as|to|from|with|via|before|when|after|at|field|file|panel|template|length|size)\\b))`,
  ],
  [
    "system_prompt_leak",
    "\\bwhat(?:'s| is| are| was| were| does| do)? (?:in |the )?(?:your|you're) (?:\\w+ )?(?:system prompt|initial (?:prompt|instructions)|hidden (?:prompt|instructions|rules)|original (?:prompt|instructions)|secret instructions|system (?:instructions|message)|developer (?:message|prompt)|prompt say)",
  ],
  [
    "system_prompt_leak",
    `${ORDER}(?:repeat|print|output|copy|show|write|recite|display|paste|echo|return)(?: back| out| me)? (?:everything|all(?: of)?|the (?:text|words|content|message|lines?|sentences?|paragraphs?)|all (?:the )?(?:text|words))(?: (?:that (?:is|was|came|comes)|which (?:is|was)|written|of|the|text|you (?:were|have been) given))* ?(?:(?:above|preceding)(?=\\s*(?:[.!?:;,\\n]|$|this\\b|and\\b|verbatim|word|in (?:full|a|this)\\b))|before this|prior to this|up to (?:here|this)|starting (?:with|from))`,
  ],
  [
    "system_prompt_leak",
    "\\bwhat (?:were|are|was) (?:you|the) (?:told|instructed|instructions|given|programmed|first (?:instruction|message|line))[^\\n?]{0,40}?(?:before|at the (?:start|beginning|top)|in your|to (?:do|say|hide)|by your (?:developer|creator|operator)|of (?:this|the) (?:conversation|chat))",
  ],
  [
    "system_prompt_leak",
    "\\b(?:muestra|revela|dime|imprime)(?:me)? (?:tu|tus) (?:prompt|instrucciones)|\\b(?:zeig|verrate|nenne)(?: mir)? (?:deinen|deine|ihren) (?:system-?prompt|systemanweisung\\w*|anweisungen)|\\b(?:affiche|montre|revele)(?:-moi|z)? (?:ton|tes|votre|vos) (?:prompt|instructions)",
  ],

  // text that poses as another part of the prompt
  [
    "prompt_template_injection",
    "<\\|(?:im_start|im_end|system|user|assistant|endoftext|end_of_text|start_header_id|end_header_id|begin_of_text|eot_id|endofprompt|fim_\\w+|tool|channel|message|start|end)\\|>",
  ],
  [
    "prompt_template_injection",
    "\\[/?inst\\]|<<\\/?sys>>|\\[/?system\\](?=\\s*\\w)|<start_of_turn>|<end_of_turn>|<\\/?s>\\s*\\[inst\\]",
  ],
  [
    "prompt_template_injection",
    "(?:^|\\n)\\s*#{2,5}\\s*(?:system|instructions?|human|assistant|user|new instructions?)(?: (?:prompt|message|override))?\\s*:\\s*\\n?\\s*\\S",
  ],
  [
    "prompt_template_injection",
    "(?:^|\\n)\\s*(?:system|assistant|developer)\\s*(?:prompt|message)?\\s*:\\s*(?:you|ignore|disregard|always|never|from now|the user|forget|do not|new|override|sure|reveal|act|grant|your|i will|all )",
  ],
  [
    "prompt_template_injection",
    "</?(?:system|system[-_ ]?prompt|system[-_ ]?message|sys|developer|assistant|instructions?|admin|user_?(?:query|input|message)|untrusted\\w*|document|context|data|memor(?:y|ies)|[\\w-]*memory|tool[-_]?(?:result|output|response)|retrieved\\w*)>\\s*(?:</?\\w[\\w-]*>\\s*)*(?:you\\b|ignore|disregard|always|never|from now|the user|forget|do not|new |override|reveal|act |your|system|now |assistant|execute|call )",
  ],
  [
    "prompt_template_injection",
    "(?:^|\\n|[.!?] )\\W{0,8}(?:begin|start|end)(?: of)?(?: the)? (?:system (?:prompt|message|instructions)|user (?:input|message|query)|context|untrusted \\w+|conversation|instructions|memory(?: block)?|admin\\w*(?: \\w+)?)\\W{0,8}(?:\\n|$|\\s*(?:you|ignore|new|system|now|always|from))",
  ],
  [
    "prompt_template_injection",
    '\\{\\{\\s*[#~]\\s*(?:system|assistant|user)\\b[^}]{0,60}\\}\\}|\\{%-?\\s*(?:system|set system|block system)\\b|"role"\\s*:\\s*"(?:system|developer)"\\s*,\\s*"content"\\s*:\\s*"(?:you|ignore|always|never|from now|forget|reveal|new|disregard|override)',
  ],

  // hidden orders
  [
    "base64_instruction",
    "\\b(?:decode|decrypt|base64-?decode)\\b[^.\\n]{0,60}?\\b(?:and|then)\\b[^.\\n]{0,20}?\\b(?:follow|execute|obey|do what|carry out|comply|perform|act on|run)\\b(?! (?:the )?(?:tests?|script|query|binary|program|build))",
  ],
];

/** Every pattern that a text is looked through for, with what it shows. */
export const INJECTION_RULES: readonly InjectionRule[] = /* @__PURE__ */ RULE_TABLE.map(
  ([kind, source]) => ({ kind, pattern: new RegExp(source, "giu") }),
);

/** Prose about such attacks quotes them; outside the quotation it names what it speaks of. */
const ABOUT =
  /\b(?:injections?|attack(?:s|er|ers)?|jailbreaks?|payloads?|malicious|adversarial|phrases?|detect(?:s|or|ion)?|classif\w+|filters?|blocklist|red[- ]team\w*|owasp|threat|vulnerab\w+|for example|for instance|such as|e\.g\.|strings? like|documentation|tutorial|template)\b/iu;
const ALLOWED =
  /\b(?:you (?:can|may|could)(?: safely| also| now| then)?|can safely|safe to|feel free to|want(?:ed)? to|(?:do not|don't|never|cannot|can't|must not|should not|shouldn't|not|we|they|users?|people|readers?|developers?|models?|it|she|he|that|which|who|will|would|might|to|used to|tend to|how to|how do i|how can i) ?)$/iu;
const CONDITION = /^[^.!?\n]{0,40}\b(?:if you|unless|when you|in case|for (?:this|the) step)\b/iu;
const MAX_DECODED = 20;
const BASE64 = /(?<![\w+/])[A-Za-z0-9+/_-]{24,8192}={0,2}(?![\w+/=])/gu;

/** Kinds of injection that a text shows, each once, in a fixed order; empty for ordinary text. */
export function findInjections(text: string): InjectionKind[] {
  const plain = unmask(text);
  const kinds = new Set([
    ...kindsIn(plain),
    ...(plain.includes("\n") ? kindsIn(plain.replaceAll("\n", " ")) : []),
  ]);
  let decoded = 0;
  for (const [token] of text.matchAll(BASE64)) {
    if (kinds.has("base64_instruction") || decoded >= MAX_DECODED) break;
    const hidden = decodeBase64(token);
    if (hidden === null) continue;
    decoded += 1;
    if (kindsIn(unmask(hidden)).length > 0) kinds.add("base64_instruction");
  }
  return ORDERED.filter((kind) => kinds.has(kind));
}

/** True for words that are meant for the machinery, not for an assistant's manners. */
export function isOverride(text: string): boolean {
  return MACHINERY.test(text) || findInjections(text).length > 0;
}

const MACHINERY = /\bsystem prompt\b|\bdeveloper mode\b|\bjailbreak\b/iu;
const ORDERED: readonly InjectionKind[] = [
  "instruction_override",
  "role_override",
  "tool_override",
  "system_prompt_leak",
  "prompt_template_injection",
  "base64_instruction",
];

function kindsIn(text: string): InjectionKind[] {
  const quoted = quotations(text);
  const about = ABOUT.test(outside(text, quoted));
  const kinds: InjectionKind[] = [];
  for (const { kind, pattern } of INJECTION_RULES) {
    if (kinds.includes(kind)) continue;
    for (const match of text.matchAll(pattern)) {
      const end = match.index + match[0].length;
      if (about && quoted.some(([from, to]) => match.index >= from - 1 && end <= to + 1)) continue;
      if (kind === "instruction_override" && isAllowed(text, match.index, end)) continue;
      kinds.push(kind);
      break;
    }
  }
  return kinds;
}

/** "You can ignore the previous instructions if …" gives leave to a reader of a manual. */
function isAllowed(text: string, start: number, end: number): boolean {
  return (
    ALLOWED.test(text.slice(Math.max(0, start - 40), start + 1)) ||
    CONDITION.test(text.slice(end, end + 80))
  );
}

function quotations(text: string): [number, number][] {
  return [
    ...text.matchAll(
      /```[\s\S]*?```|`[^`\n]*`|"[^"\n]{1,400}"|“[^”\n]{1,400}”|(?<!\w)'[^'\n]{1,400}'(?!\w)/gu,
    ),
  ].map((match) => [match.index, match.index + match[0].length]);
}

function outside(text: string, quoted: readonly [number, number][]): string {
  let rest = "";
  let at = 0;
  for (const [from, to] of quoted) {
    rest += `${text.slice(at, from)} `;
    at = to;
  }
  return rest + text.slice(at);
}

const LOOK_ALIKES: Readonly<Record<string, string>> = {
  а: "a",
  в: "b",
  е: "e",
  к: "k",
  м: "m",
  н: "h",
  о: "o",
  р: "p",
  с: "c",
  т: "t",
  у: "y",
  х: "x",
  і: "i",
  ј: "j",
  ѕ: "s",
  ԁ: "d",
  ԛ: "q",
  ԝ: "w",
  һ: "h",
  ӏ: "l",
  г: "r",
  п: "n",
  α: "a",
  β: "b",
  ε: "e",
  ι: "i",
  κ: "k",
  ν: "v",
  ο: "o",
  ρ: "p",
  τ: "t",
  υ: "u",
  χ: "x",
  η: "n",
  ı: "i",
  ɡ: "g",
  ℓ: "l",
  ø: "o",
  đ: "d",
  ł: "l",
  ß: "ss",
};
const LEET: Readonly<Record<string, string>> = {
  "0": "o",
  "1": "i",
  "3": "e",
  "4": "a",
  "5": "s",
  "7": "t",
  "@": "a",
  $: "s",
};

/** Undoes what hides words from a reader of bytes but not from a model. */
function unmask(text: string): string {
  return text
    .normalize("NFKD")
    .replaceAll(/\p{M}|\p{Cf}|\u115F|\u1160/gu, "")
    .normalize("NFKC")
    .toLowerCase()
    .replaceAll(/[’‘ʼ`´](?=[st]\b|re\b|ve\b|ll\b)/gu, "'")
    .replaceAll(/\S+/gu, (word) =>
      /[a-z]/u.test(word) && /[^\p{ASCII}]/u.test(word)
        ? word.replaceAll(/[^\p{ASCII}]/gu, (letter) => LOOK_ALIKES[letter] ?? letter)
        : word,
    )
    .replaceAll(/[a-z@$\d]{3,}(?![a-z@$\d]|\.\w)/gu, (word) =>
      /[a-z]{2}/u.test(word) && /[\d@$]/u.test(word) && /^[a-z]*(?:[\d@$]{1,2}[a-z]+)+$/u.test(word)
        ? word.replaceAll(/[\d@$]/gu, (sign) => LEET[sign] ?? sign)
        : word,
    )
    .replaceAll(/(?<![\p{L}\d])(?:\p{L}[ ._*\-|]){3,}\p{L}(?![\p{L}\d])/gu, (letters) =>
      letters.replaceAll(/[ ._*\-|]/gu, ""),
    )
    .replaceAll(/[^\S\n]+/gu, " ");
}

function decodeBase64(token: string): string | null {
  const bytes = Buffer.from(token.replaceAll("-", "+").replaceAll("_", "/"), "base64");
  const text = bytes.toString("utf8");
  const printable = text.replaceAll(/[\t\r\n]/gu, " ");
  return printable.includes(" ") && !/\p{Cc}|\uFFFD/u.test(printable) ? text : null;
}
