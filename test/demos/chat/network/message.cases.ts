/** Messages, and what can be asked about people. */
import type { Case } from "./case.js";

const OPEN = (nick: string, room: string): string => `
      ${nick}> JOIN ${room}
      ${nick}< ~${nick} JOIN ${room}
      ${nick}< $ 353 ${nick} = ${room} :@${nick}
      ${nick}< $ 366 ${nick} ${room} :End of /NAMES list`;

export const messageCases: readonly Case[] = [
  {
    name: "PRIVMSG and NOTICE reach people, with colons, colours and commands of clients",
    script: `
      alice> PING x
      alice< $ PONG chat.test :x
      bob> PRIVMSG alice ::-) \u0001ACTION waves\u0001 \u0002bold\u0002
      alice< ~bob PRIVMSG alice ::-) \u0001ACTION waves\u0001 \u0002bold\u0002
      bob> NOTICE ALICE hello
      alice< ~bob NOTICE alice :hello
      bob> PRIVMSG bob :note to self
      bob< ~bob PRIVMSG bob :note to self`,
  },
  {
    name: "PRIVMSG says what is wrong, NOTICE never",
    script: `
      alice> PRIVMSG
      alice< $ 411 alice :No recipient given (PRIVMSG)
      alice> PRIVMSG , :x
      alice< $ 411 alice :No recipient given (PRIVMSG)
      alice> PRIVMSG alice
      alice< $ 412 alice :No text to send
      alice> PRIVMSG alice :
      alice< $ 412 alice :No text to send
      alice> PRIVMSG nobody :x
      alice< $ 401 alice nobody :No such nick/channel
      alice> PRIVMSG #none :x
      alice< $ 403 alice #none :No such channel
      alice> NOTICE
      alice> NOTICE alice
      alice> NOTICE nobody :x
      alice> NOTICE #none :x
      alice> NOTICE 1,2,3,4,5 :x`,
  },
  {
    name: "several are told in one line, each once, and not too many",
    script: `
      alice> PRIVMSG alice,ALICE,nobody :x
      alice< ~alice PRIVMSG alice :x
      alice< $ 401 alice nobody :No such nick/channel
      alice> PRIVMSG 1,2,3,4,alice,5 :x
      alice< $ 401 alice 1 :No such nick/channel
      alice< $ 401 alice 2 :No such nick/channel
      alice< $ 401 alice 3 :No such nick/channel
      alice< $ 401 alice 4 :No such nick/channel
      alice< $ 407 alice alice :Too many targets, the rest was left out`,
  },
  {
    name: "AWAY answers for somebody who is not there",
    script: `
      alice> AWAY :lunch: back at 2
      alice< $ 306 alice :You have been marked as being away
      bob> PRIVMSG alice :hi
      alice< ~bob PRIVMSG alice :hi
      bob< $ 301 bob alice :lunch: back at 2
      bob> NOTICE alice :hi
      alice< ~bob NOTICE alice :hi
      alice> AWAY
      alice< $ 305 alice :You are no longer marked as being away
      bob> PRIVMSG alice :hi
      alice< ~bob PRIVMSG alice :hi`,
  },
  {
    name: "with echo-message and server-time one sees one's own words, and when",
    script: `${OPEN("alice", "#a")}
      bob*> JOIN #a
      alice< ~bob JOIN #a
      bob*< @time=2026-01-31T12:00:00.000Z ~bob JOIN #a
      bob*< $ 353 bob = #a :@alice bob
      bob*< $ 366 bob #a :End of /NAMES list
      --- 1.5
      bob*> PRIVMSG #a,alice :hi
      alice< ~bob PRIVMSG #a :hi
      alice< ~bob PRIVMSG alice :hi
      bob*< @time=2026-01-31T12:00:01.500Z ~bob PRIVMSG #a :hi
      bob*< @time=2026-01-31T12:00:01.500Z ~bob PRIVMSG alice :hi
      bob*> PRIVMSG bob :me
      bob*< @time=2026-01-31T12:00:01.500Z ~bob PRIVMSG bob :me`,
  },
  {
    name: "who asks for batches and times gets what was said before",
    options: { historyLines: 2 },
    script: `${OPEN("alice", "#a")}
      alice> PRIVMSG #a :one
      alice> PRIVMSG #a :two
      --- 61
      alice> NOTICE #a :three
      bob*> JOIN #a
      alice< ~bob JOIN #a
      bob*< @time=2026-01-31T12:01:01.000Z ~bob JOIN #a
      bob*< $ 353 bob = #a :@alice bob
      bob*< $ 366 bob #a :End of /NAMES list
      bob*< $ BATCH +h1 chathistory #a
      bob*< @batch=h1;time=2026-01-31T12:00:00.000Z ~alice PRIVMSG #a :two
      bob*< @batch=h1;time=2026-01-31T12:01:01.000Z ~alice NOTICE #a :three
      bob*< $ BATCH -h1`,
  },
  {
    name: "what was said in many rooms is cut to what one answer may have",
    options: { limits: { replyLinesMax: 3 } },
    script: `${["#a", "#b", "#c"].map((room) => OPEN("alice", room)).join("")}
      alice> PRIVMSG #a,#b,#c :one
      alice> PRIVMSG #a,#b,#c :two
      bob*> JOIN #a,#b,#c
      alice< ~bob JOIN #a
      alice< ~bob JOIN #b
      alice< ~bob JOIN #c
      bob*< @time=2026-01-31T12:00:00.000Z ~bob JOIN #a
      bob*< $ 353 bob = #a :@alice bob
      bob*< $ 366 bob #a :End of /NAMES list
      bob*< $ BATCH +h1 chathistory #a
      bob*< @batch=h1;time=2026-01-31T12:00:00.000Z ~alice PRIVMSG #a :one
      bob*< @batch=h1;time=2026-01-31T12:00:00.000Z ~alice PRIVMSG #a :two
      bob*< $ BATCH -h1
      bob*< @time=2026-01-31T12:00:00.000Z ~bob JOIN #b
      bob*< $ 353 bob = #b :@alice bob
      bob*< $ 366 bob #b :End of /NAMES list
      bob*< $ BATCH +h2 chathistory #b
      bob*< @batch=h2;time=2026-01-31T12:00:00.000Z ~alice PRIVMSG #b :two
      bob*< $ BATCH -h2
      bob*< @time=2026-01-31T12:00:00.000Z ~bob JOIN #c
      bob*< $ 353 bob = #c :@alice bob
      bob*< $ 366 bob #c :End of /NAMES list`,
  },
  {
    name: "what programs ask of all who are in a room is not asked again of who comes later",
    script: `${OPEN("alice", "#a")}
      alice> PRIVMSG #a :\u0001VERSION\u0001
      alice> PRIVMSG #a :\u0001DCC SEND x 2130706433 4000 9
      alice> PRIVMSG #a :\u0001ACTION waves\u0001
      bob*> JOIN #a
      alice< ~bob JOIN #a
      bob*< @time=2026-01-31T12:00:00.000Z ~bob JOIN #a
      bob*< $ 353 bob = #a :@alice bob
      bob*< $ 366 bob #a :End of /NAMES list
      bob*< $ BATCH +h1 chathistory #a
      bob*< @batch=h1;time=2026-01-31T12:00:00.000Z ~alice PRIVMSG #a :\u0001ACTION waves\u0001
      bob*< $ BATCH -h1`,
  },
  {
    name: "WHO finds people by the name they have now",
    script: `
      alice> NICK Alison
      alice< ~alice NICK :Alison
      bob> WHO al?SON
      bob< $ 352 bob * ~alice alice.host chat.test Alison H :0 alice's name
      bob< $ 315 bob al?SON :End of WHO list
      bob> WHO alice!*
      bob< $ 315 bob alice!* :End of WHO list`,
  },
  {
    name: "WHO finds people by room, nickname and mask, and hides the hidden",
    options: { operators: new Map([["root", "secret"]]) },
    script: `${OPEN("alice", "#a")}
      bob> AWAY :x
      bob< $ 306 bob :You have been marked as being away
      bob> OPER root secret
      bob< $ 381 bob :You are now an IRC operator
      bob< ~bob MODE bob :+o
      alice> WHO #a
      alice< $ 352 alice #a ~alice alice.host chat.test alice H@ :0 alice's name
      alice< $ 315 alice #a :End of WHO list
      alice> WHO BOB
      alice< $ 352 alice * ~bob bob.host chat.test bob G* :0 bob's name
      alice< $ 315 alice BOB :End of WHO list
      alice> WHO b*b
      alice< $ 352 alice * ~bob bob.host chat.test bob G* :0 bob's name
      alice< $ 315 alice b*b :End of WHO list
      alice> WHO * o
      alice< $ 352 alice * ~bob bob.host chat.test bob G* :0 bob's name
      alice< $ 315 alice * :End of WHO list
      alice> WHO #none
      alice< $ 315 alice #none :End of WHO list
      alice> WHO
      alice< $ 352 alice * ~alice alice.host chat.test alice H :0 alice's name
      alice< $ 352 alice * ~bob bob.host chat.test bob G* :0 bob's name
      alice< $ 315 alice * :End of WHO list
      alice> MODE alice +i
      alice< ~alice MODE alice :+i
      bob> WHO 0
      bob< $ 352 bob * ~bob bob.host chat.test bob G* :0 bob's name
      bob< $ 315 bob 0 :End of WHO list
      bob> WHO #a
      bob< $ 315 bob #a :End of WHO list
      bob> NAMES #a
      bob< $ 366 bob #a :End of /NAMES list
      bob> JOIN #a
      alice< ~bob JOIN #a
      bob< ~bob JOIN #a
      bob< $ 353 bob = #a :@alice bob
      bob< $ 366 bob #a :End of /NAMES list
      bob> WHO al*
      bob< $ 352 bob * ~alice alice.host chat.test alice H :0 alice's name
      bob< $ 315 bob al* :End of WHO list`,
  },
  {
    name: "WHOIS says what is known, and not which secret rooms",
    options: { operators: new Map([["root", "secret"]]) },
    script: `${OPEN("alice", "#a")}
      ${OPEN("alice", "#secret")}
      alice> MODE #secret +s
      alice< ~alice MODE #secret +s
      --- 5
      bob> WHOIS alice
      bob< $ 311 bob alice ~alice alice.host * :alice's name
      bob< $ 319 bob alice :@#a
      bob< $ 312 bob alice chat.test :A chat on socket-reactor
      bob< $ 317 bob alice 5 1769860800 :seconds idle, signon time
      bob< $ 318 bob alice :End of /WHOIS list
      bob> AWAY :tea
      bob< $ 306 bob :You have been marked as being away
      bob> OPER root secret
      bob< $ 381 bob :You are now an IRC operator
      bob< ~bob MODE bob :+o
      alice> WHOIS chat.test bob
      alice< $ 311 alice bob ~bob bob.host * :bob's name
      alice< $ 312 alice bob chat.test :A chat on socket-reactor
      alice< $ 301 alice bob :tea
      alice< $ 313 alice bob :is an IRC operator
      alice< $ 317 alice bob 0 1769860805 :seconds idle, signon time
      alice< $ 318 alice bob :End of /WHOIS list
      alice> WHOIS bob nobody
      alice< $ 401 alice nobody :No such nick/channel
      alice< $ 318 alice nobody :End of /WHOIS list
      alice> WHOIS other.test bob
      alice< $ 402 alice other.test :No such server
      alice> WHOIS
      alice< $ 431 alice :No nickname given
      alice> WHOIS alice
      alice< $ 311 alice alice ~alice alice.host * :alice's name
      alice< $ 319 alice alice :@#a @#secret
      alice< $ 312 alice alice chat.test :A chat on socket-reactor
      alice< $ 317 alice alice 5 1769860800 :seconds idle, signon time
      alice< $ 318 alice alice :End of /WHOIS list`,
  },
  {
    name: "WHOWAS remembers those who left or changed their nickname",
    script: `
      alice> WHOWAS bob
      alice< $ 406 alice bob :There was no such nickname
      alice< $ 369 alice bob :End of WHOWAS
      bob> NICK rob
      bob< ~bob NICK :rob
      bob> NICK bob
      bob< :rob!~bob@bob.host NICK :bob
      bob> QUIT
      bob< ERROR :Closing Link: bob.host (Client quit)
      alice> WHOWAS BOB
      alice< $ 314 alice bob ~bob bob.host * :bob's name
      alice< $ 312 alice bob chat.test :Sat, 31 Jan 2026 12:00:00 GMT
      alice< $ 314 alice bob ~bob bob.host * :bob's name
      alice< $ 312 alice bob chat.test :Sat, 31 Jan 2026 12:00:00 GMT
      alice< $ 369 alice BOB :End of WHOWAS
      alice> WHOWAS rob 1
      alice< $ 314 alice rob ~bob bob.host * :bob's name
      alice< $ 312 alice rob chat.test :Sat, 31 Jan 2026 12:00:00 GMT
      alice< $ 369 alice rob :End of WHOWAS
      alice> WHOWAS
      alice< $ 431 alice :No nickname given`,
  },
  {
    name: "USERHOST and ISON",
    options: { operators: new Map([["root", "secret"]]) },
    script: `
      alice> OPER root secret
      alice< $ 381 alice :You are now an IRC operator
      alice< ~alice MODE alice :+o
      bob> AWAY :x
      bob< $ 306 bob :You have been marked as being away
      bob> USERHOST alice nobody BOB
      bob< $ 302 bob :alice*=+~alice@alice.host bob=-~bob@bob.host
      bob> USERHOST nobody
      bob< $ 302 bob :
      bob> USERHOST
      bob< $ 461 bob USERHOST :Not enough parameters
      bob> ISON nobody ALICE :bob alice
      bob< $ 303 bob :alice bob
      bob> ISON nobody
      bob< $ 303 bob :`,
  },
  {
    name: "OPER needs a name and its password, and there may be none",
    script: `
      alice> OPER root secret
      alice< $ 491 alice :No O-lines for your host
      alice> OPER root
      alice< $ 461 alice OPER :Not enough parameters
      alice> KILL alice :x
      alice< $ 481 alice :Permission Denied- You're not an IRC operator
      alice> WALLOPS :x
      alice< $ 481 alice :Permission Denied- You're not an IRC operator`,
  },
  {
    name: "guessing passwords ends",
    options: { operators: new Map([["root", "secret"]]) },
    script: `
      alice> OPER root wrong
      alice< $ 464 alice :Password incorrect
      alice> OPER nobody secret
      alice< $ 464 alice :Password incorrect
      alice> OPER toString x
      alice< $ 464 alice :Password incorrect
      alice< ERROR :Closing Link: alice.host (Too many wrong passwords)`,
  },
  {
    name: "operators speak to those who listen, and can end a connection",
    options: { operators: new Map([["root", "secret"]]) },
    script: `${OPEN("alice", "#a")}
      bob> MODE bob +w
      bob< ~bob MODE bob :+w
      bob> JOIN #a
      alice< ~bob JOIN #a
      bob< ~bob JOIN #a
      bob< $ 353 bob = #a :@alice bob
      bob< $ 366 bob #a :End of /NAMES list
      alice> OPER root secret
      alice< $ 381 alice :You are now an IRC operator
      alice< ~alice MODE alice :+o
      alice> WALLOPS :going down
      bob< ~alice WALLOPS :going down
      alice> WALLOPS
      alice< $ 461 alice WALLOPS :Not enough parameters
      alice> KILL nobody :x
      alice< $ 401 alice nobody :No such nick/channel
      alice> KILL bob :spam
      bob< ERROR :Closing Link: bob.host (Killed (alice (spam)))
      alice< ~bob QUIT :Killed (alice (spam))
      alice> MODE alice -o
      alice< ~alice MODE alice :-o
      alice> WALLOPS :x
      alice< $ 481 alice :Permission Denied- You're not an IRC operator`,
  },
];
