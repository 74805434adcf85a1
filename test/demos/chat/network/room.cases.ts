/** Rooms: entering, leaving, topics, modes, and all that is refused. */
import type { Case } from "./case.js";

/** What alone in a new room one sees. */
const OPEN = (nick: string, room: string): string => `
      ${nick}> JOIN ${room}
      ${nick}< ~${nick} JOIN ${room}
      ${nick}< $ 353 ${nick} = ${room} :@${nick}
      ${nick}< $ 366 ${nick} ${room} :End of /NAMES list`;

/** bob comes into alice's room. */
const MEET = (room = "#a"): string => `
      ${OPEN("alice", room)}
      bob> JOIN ${room}
      alice< ~bob JOIN ${room}
      bob< ~bob JOIN ${room}
      bob< $ 353 bob = ${room} :@alice bob
      bob< $ 366 bob ${room} :End of /NAMES list`;

export const roomCases: readonly Case[] = [
  {
    name: "JOIN shows who is there, and a second JOIN changes nothing",
    script: `${MEET()}
      bob> JOIN #A
      bob> NAMES #A
      bob< $ 353 bob = #a :@alice bob
      bob< $ 366 bob #a :End of /NAMES list`,
  },
  {
    name: "JOIN refuses what is no name of a room",
    script: `
      alice> JOIN
      alice< $ 461 alice JOIN :Not enough parameters
      alice> JOIN :
      alice< $ 461 alice JOIN :Not enough parameters
      alice> JOIN a
      alice< $ 403 alice a :No such channel
      alice> JOIN #
      alice< $ 476 alice # :Bad Channel Mask
      alice> JOIN :#a b
      alice< $ 476 alice * :Bad Channel Mask
      alice> JOIN #a\u0007b
      alice< $ 476 alice #a\u0007b :Bad Channel Mask
      alice> JOIN #a\u200bb
      alice< $ 476 alice #a\u200bb :Bad Channel Mask
      alice> JOIN #${"x".repeat(50)}
      alice< $ 476 alice #${"x".repeat(50)} :Bad Channel Mask
      ${OPEN("alice", "#größe-世界")}`,
  },
  {
    name: "one can be in so many rooms, and there are so many",
    options: { limits: { roomsPerUserMax: 2, roomsMax: 3 } },
    script: `
      ${OPEN("alice", "#a")}
      ${OPEN("alice", "#b")}
      alice> JOIN #c
      alice< $ 405 alice #c :You have joined too many channels
      ${OPEN("bob", "#c")}
      bob> JOIN #d
      bob< $ 437 bob #d :Nick/channel is temporarily unavailable`,
  },
  {
    name: "PART leaves with a reason or without, and the last one ends the room",
    script: `${MEET()}
      bob> PART #a :that's it
      alice< ~bob PART #a :that's it
      bob< ~bob PART #a :that's it
      bob> PART #a,#b
      bob< $ 442 bob #a :You're not on that channel
      bob< $ 403 bob #b :No such channel
      bob> PART
      bob< $ 461 bob PART :Not enough parameters
      alice> PART #a
      alice< ~alice PART #a
      alice> PART #a
      alice< $ 403 alice #a :No such channel`,
  },
  {
    name: "JOIN 0 leaves all rooms",
    script: `
      ${OPEN("alice", "#a")}
      ${OPEN("alice", "#b")}
      alice> JOIN 0
      alice< ~alice PART #a
      alice< ~alice PART #b`,
  },
  {
    name: "topics are shown, set, protected and removed",
    script: `${MEET()}
      alice> TOPIC #a
      alice< $ 331 alice #a :No topic is set
      alice> TOPIC #a ::-) :tea
      alice< ~alice TOPIC #a ::-) :tea
      bob< ~alice TOPIC #a ::-) :tea
      alice> TOPIC #a ::-) :tea
      bob> TOPIC #a :no
      bob< $ 482 bob #a :You're not channel operator
      bob> TOPIC #a
      bob< $ 332 bob #a ::-) :tea
      bob< $ 333 bob #a alice!~alice@alice.host 1769860800
      carl> JOIN #a
      alice< ~carl JOIN #a
      bob< ~carl JOIN #a
      carl< ~carl JOIN #a
      carl< $ 332 carl #a ::-) :tea
      carl< $ 333 carl #a alice!~alice@alice.host 1769860800
      carl< $ 353 carl = #a :@alice bob carl
      carl< $ 366 carl #a :End of /NAMES list
      dave> TOPIC #a
      dave< $ 442 dave #a :You're not on that channel
      dave> TOPIC #b
      dave< $ 403 dave #b :No such channel
      dave> TOPIC
      dave< $ 461 dave TOPIC :Not enough parameters
      alice> MODE #a -t
      alice< ~alice MODE #a -t
      bob< ~alice MODE #a -t
      carl< ~alice MODE #a -t
      bob> TOPIC #a :
      alice< ~bob TOPIC #a :
      bob< ~bob TOPIC #a :
      carl< ~bob TOPIC #a :
      bob> TOPIC #a
      bob< $ 331 bob #a :No topic is set`,
  },
  {
    name: "a topic is cut at a character's border",
    script: `${OPEN("alice", "#a")}
      alice> TOPIC #a :${"世".repeat(140)}
      alice< ~alice TOPIC #a :${"世".repeat(130)}`,
  },
  {
    name: "NAMES is limited, and a secret room is seen from within",
    script: `${MEET()}
      alice> MODE #a +s
      alice< ~alice MODE #a +s
      bob< ~alice MODE #a +s
      alice> NAMES #a
      alice< $ 353 alice @ #a :@alice bob
      alice< $ 366 alice #a :End of /NAMES list
      carl> TOPIC #a
      carl< $ 403 carl #a :No such channel
      carl> NAMES #a
      carl< $ 366 carl #a :End of /NAMES list
      carl> NAMES
      carl< $ 366 carl * :End of /NAMES list
      carl> NAMES #1,#2,#3,#4,#5
      carl< $ 366 carl #1 :End of /NAMES list
      carl< $ 366 carl #2 :End of /NAMES list
      carl< $ 366 carl #3 :End of /NAMES list
      carl< $ 366 carl #4 :End of /NAMES list
      carl< $ 407 carl #5 :Too many targets, the rest was left out`,
  },
  {
    name: "LIST shows rooms by name, mask, size and age",
    script: `${MEET("#tea")}
      alice> TOPIC #tea :Earl Grey
      alice< ~alice TOPIC #tea :Earl Grey
      bob< ~alice TOPIC #tea :Earl Grey
      --- 600
      ${OPEN("carl", "#coffee")}
      ${OPEN("carl", "#secret")}
      carl> MODE #secret +s
      carl< ~carl MODE #secret +s
      alice> LIST
      alice< $ 321 alice Channel :Users  Name
      alice< $ 322 alice #tea 2 :Earl Grey
      alice< $ 322 alice #coffee 1 :
      alice< $ 323 alice :End of /LIST
      alice> LIST #COFFEE,#none
      alice< $ 321 alice Channel :Users  Name
      alice< $ 322 alice #coffee 1 :
      alice< $ 323 alice :End of /LIST
      alice> LIST *e*,!*ff*
      alice< $ 321 alice Channel :Users  Name
      alice< $ 322 alice #tea 2 :Earl Grey
      alice< $ 323 alice :End of /LIST
      alice> LIST >1
      alice< $ 321 alice Channel :Users  Name
      alice< $ 322 alice #tea 2 :Earl Grey
      alice< $ 323 alice :End of /LIST
      alice> LIST #tea,#coffee <2
      alice< $ 321 alice Channel :Users  Name
      alice< $ 322 alice #coffee 1 :
      alice< $ 323 alice :End of /LIST
      alice> LIST C<5
      alice< $ 321 alice Channel :Users  Name
      alice< $ 322 alice #coffee 1 :
      alice< $ 323 alice :End of /LIST
      alice> LIST C>5
      alice< $ 321 alice Channel :Users  Name
      alice< $ 322 alice #tea 2 :Earl Grey
      alice< $ 323 alice :End of /LIST
      alice> LIST T<5
      alice< $ 321 alice Channel :Users  Name
      alice< $ 323 alice :End of /LIST
      alice> LIST #*,*,#t*,!#s*,!#c*
      alice< $ 321 alice Channel :Users  Name
      alice< $ 322 alice #tea 2 :Earl Grey
      alice< $ 322 alice #coffee 1 :
      alice< $ 407 alice !#c* :Too many targets, the rest was left out
      alice< $ 323 alice :End of /LIST
      carl> LIST T>5,#*
      carl< $ 321 carl Channel :Users  Name
      carl< $ 322 carl #tea 2 :Earl Grey
      carl< $ 323 carl :End of /LIST
      carl> LIST #secret
      carl< $ 321 carl Channel :Users  Name
      carl< $ 322 carl #secret 1 :
      carl< $ 323 carl :End of /LIST`,
  },
  {
    name: "LIST and WHO end somewhere",
    options: { limits: { replyLinesMax: 1 } },
    script: `${MEET()}
      ${OPEN("bob", "#b")}
      bob> LIST
      bob< $ 321 bob Channel :Users  Name
      bob< $ 322 bob #a 2 :
      bob< $ 416 bob LIST :Output too large, truncated
      bob< $ 323 bob :End of /LIST
      bob> WHO #a
      bob< $ 352 bob #a ~alice alice.host chat.test alice H@ :0 alice's name
      bob< $ 416 bob WHO #a :Output too large, truncated
      bob< $ 315 bob #a :End of WHO list`,
  },
  {
    name: "KICK is for operators, and takes several",
    script: `${MEET()}
      bob> KICK #a alice
      bob< $ 482 bob #a :You're not channel operator
      alice> KICK #a bob,nobody,carl,bob :out: you
      alice< ~alice KICK #a bob :out: you
      alice< $ 401 alice nobody :No such nick/channel
      alice< $ 401 alice carl :No such nick/channel
      bob< ~alice KICK #a bob :out: you
      alice> KICK #a bob
      alice< $ 441 alice bob #a :They aren't on that channel
      alice> KICK #b bob
      alice< $ 403 alice #b :No such channel
      alice> KICK #a
      alice< $ 461 alice KICK :Not enough parameters
      bob> KICK #a alice
      bob< $ 442 bob #a :You're not on that channel
      alice> KICK #a 1,2,3,4,5
      alice< $ 401 alice 1 :No such nick/channel
      alice< $ 401 alice 2 :No such nick/channel
      alice< $ 401 alice 3 :No such nick/channel
      alice< $ 401 alice 4 :No such nick/channel
      alice< $ 407 alice 5 :Too many targets, the rest was left out
      alice> KICK #a alice
      alice< ~alice KICK #a alice :alice`,
  },
  {
    name: "INVITE opens a room that is by invitation only, once",
    script: `${OPEN("alice", "#a")}
      bob> AWAY :lunch
      bob< $ 306 bob :You have been marked as being away
      alice> MODE #a +i
      alice< ~alice MODE #a +i
      bob> JOIN #a
      bob< $ 473 bob #a :Cannot join channel (+i)
      alice> INVITE bob #a
      alice< $ 341 alice bob #a
      alice< $ 301 alice bob :lunch
      bob< ~alice INVITE bob #a
      bob> JOIN #a
      alice< ~bob JOIN #a
      bob< ~bob JOIN #a
      bob< $ 353 bob = #a :@alice bob
      bob< $ 366 bob #a :End of /NAMES list
      alice> INVITE bob #a
      alice< $ 443 alice bob #a :is already on channel
      alice> INVITE bob #b
      alice< $ 403 alice #b :No such channel
      alice> INVITE nobody #a
      alice< $ 401 alice nobody :No such nick/channel
      alice> INVITE bob
      alice< $ 461 alice INVITE :Not enough parameters
      carl> INVITE bob #a
      carl< $ 442 carl #a :You're not on that channel
      bob> INVITE carl #a
      bob< $ 482 bob #a :You're not channel operator
      bob> PART #a
      alice< ~bob PART #a
      bob< ~bob PART #a
      bob> JOIN #a
      bob< $ 473 bob #a :Cannot join channel (+i)
      alice> MODE #a +I *!*@bob.host
      alice< ~alice MODE #a +I *!*@bob.host
      bob> JOIN #a
      alice< ~bob JOIN #a
      bob< ~bob JOIN #a
      bob< $ 353 bob = #a :@alice bob
      bob< $ 366 bob #a :End of /NAMES list`,
  },
  {
    name: "only an operator's invitation opens a room that is closed later",
    script: `${MEET()}
      carl> AWAY
      carl< $ 305 carl :You are no longer marked as being away
      dave> AWAY
      dave< $ 305 dave :You are no longer marked as being away
      bob> INVITE carl #a
      bob< $ 341 bob carl #a
      carl< ~bob INVITE carl #a
      alice> INVITE dave #a
      alice< $ 341 alice dave #a
      dave< ~alice INVITE dave #a
      alice> MODE #a +i
      alice< ~alice MODE #a +i
      bob< ~alice MODE #a +i
      carl> JOIN #a
      carl< $ 473 carl #a :Cannot join channel (+i)
      dave> JOIN #a
      alice< ~dave JOIN #a
      bob< ~dave JOIN #a
      dave< ~dave JOIN #a
      dave< $ 353 dave = #a :@alice bob dave
      dave< $ 366 dave #a :End of /NAMES list`,
  },
  {
    name: "an invitation dies with its room",
    script: `${OPEN("alice", "#a")}
      bob> PING x
      bob< $ PONG chat.test :x
      alice> INVITE bob #a
      alice< $ 341 alice bob #a
      bob< ~alice INVITE bob #a
      alice> PART #a
      alice< ~alice PART #a
      ${OPEN("alice", "#a")}
      alice> MODE #a +i
      alice< ~alice MODE #a +i
      bob> JOIN #a
      bob< $ 473 bob #a :Cannot join channel (+i)`,
  },
  {
    name: "keys and limits keep people out",
    script: `${OPEN("alice", "#a")}
      alice> MODE #a +kl sesame 1
      alice< ~alice MODE #a +kl sesame 1
      bob> JOIN #a
      bob< $ 475 bob #a :Cannot join channel (+k)
      bob> JOIN #a wrong
      bob< $ 475 bob #a :Cannot join channel (+k)
      bob> JOIN #a sesame
      bob< $ 471 bob #a :Cannot join channel (+l)
      alice> MODE #a +l 5
      alice< ~alice MODE #a +l 5
      alice> MODE #a +k tahini
      alice< ~alice MODE #a +k tahini
      bob> JOIN #b,#a ,tahini
      bob< ~bob JOIN #b
      bob< $ 353 bob = #b :@bob
      bob< $ 366 bob #b :End of /NAMES list
      bob< ~bob JOIN #a
      bob< $ 353 bob = #a :@alice bob
      bob< $ 366 bob #a :End of /NAMES list
      alice< ~bob JOIN #a
      alice> MODE #a
      alice< $ 324 alice #a +ntkl tahini 5
      alice< $ 329 alice #a 1769860800
      carl> MODE #a
      carl< $ 324 carl #a +ntkl * 5
      carl< $ 329 carl #a 1769860800
      alice> MODE #a -lk x
      alice< ~alice MODE #a -lk *
      bob< ~alice MODE #a -lk *
      alice> MODE #a -lk
      alice> MODE #a +l 4
      alice< ~alice MODE #a +l 4
      bob< ~alice MODE #a +l 4
      alice> MODE #a +l 3
      alice< ~alice MODE #a +l 3
      bob< ~alice MODE #a +l 3`,
  },
  {
    name: "modes that are wrong are refused, each with its own number",
    script: `${MEET()}
      alice> MODE
      alice< $ 461 alice MODE :Not enough parameters
      alice> MODE #b
      alice< $ 403 alice #b :No such channel
      alice> MODE #a +zzy
      alice< $ 472 alice z :is unknown mode char to me
      alice< $ 472 alice y :is unknown mode char to me
      alice> MODE #a +k
      alice< $ 696 alice #a k * :A key is needed
      alice> MODE #a +k :a b
      alice< $ 525 alice #a :Key is not well-formed
      alice> MODE #a +k ::a
      alice< $ 525 alice #a :Key is not well-formed
      alice> MODE #a +k a,b
      alice< $ 525 alice #a :Key is not well-formed
      alice> MODE #a +l
      alice< $ 696 alice #a l * :A number of 1 or more is needed
      alice> MODE #a +l 0
      alice< $ 696 alice #a l 0 :A number of 1 or more is needed
      alice> MODE #a +o
      alice< $ 696 alice #a o * :A nickname is needed
      alice> MODE #a +o nobody
      alice< $ 401 alice nobody :No such nick/channel
      carl> MODE #a +o carl
      carl< $ 482 carl #a :You're not channel operator
      alice> MODE #a +v carl
      alice< $ 441 alice carl #a :They aren't on that channel
      alice> MODE #a +b :a b
      alice< $ 696 alice #a b * :Not a mask
      bob> MODE #a +i-t+o bob
      bob< $ 482 bob #a :You're not channel operator`,
  },
  {
    name: "operators make operators and give voice, and multi-prefix shows both",
    script: `${MEET()}
      alice> MODE #a +ov-v bob bob bob
      alice< ~alice MODE #a +ov-v bob bob bob
      bob< ~alice MODE #a +ov-v bob bob bob
      bob> MODE #a +v bob
      alice< ~bob MODE #a +v bob
      bob< ~bob MODE #a +v bob
      bob> MODE #a +v bob
      bob> MODE #a -o alice
      alice< ~bob MODE #a -o alice
      bob< ~bob MODE #a -o alice
      alice> MODE #a +o alice
      alice< $ 482 alice #a :You're not channel operator
      alice> NAMES #a
      alice< $ 353 alice = #a :alice @bob
      alice< $ 366 alice #a :End of /NAMES list
      new1> CAP REQ :multi-prefix
      new1< $ CAP * ACK :multi-prefix
      carl*> NAMES #a
      carl*< $ 353 carl = #a :alice @+bob
      carl*< $ 366 carl #a :End of /NAMES list`,
  },
  {
    name: "no more than four arguments of one MODE count",
    script: `${OPEN("alice", "#a")}
      alice> MODE #a +bbbbb a b c d e
      alice< ~alice MODE #a +bbbb a!*@* b!*@* c!*@* d!*@*`,
  },
  {
    name: "bans hold, exceptions except, and both are listed",
    script: `${OPEN("alice", "#a")}
      alice> MODE #a +be *!*@BOB.host carl
      alice< ~alice MODE #a +be *!*@BOB.host carl!*@*
      alice> MODE #a +b *!*@bob.host
      alice> MODE #a +b carl
      alice< ~alice MODE #a +b carl!*@*
      bob> JOIN #a
      bob< $ 474 bob #a :Cannot join channel (+b)
      carl> JOIN #a
      alice< ~carl JOIN #a
      carl< ~carl JOIN #a
      carl< $ 353 carl = #a :@alice carl
      carl< $ 366 carl #a :End of /NAMES list
      carl> MODE #a b
      carl< $ 367 carl #a *!*@BOB.host alice!~alice@alice.host 1769860800
      carl< $ 367 carl #a carl!*@* alice!~alice@alice.host 1769860800
      carl< $ 368 carl #a :End of channel ban list
      carl> MODE #a +eI
      carl< $ 348 carl #a carl!*@* alice!~alice@alice.host 1769860800
      carl< $ 349 carl #a :End of channel exception list
      carl< $ 347 carl #a :End of Channel Invite Exception List
      alice> MODE #a +I-e dave carl
      alice< ~alice MODE #a +I-e dave!*@* carl!*@*
      carl< ~alice MODE #a +I-e dave!*@* carl!*@*
      alice> MODE #a I
      alice< $ 346 alice #a dave!*@* alice!~alice@alice.host 1769860800
      alice< $ 347 alice #a :End of Channel Invite Exception List
      carl> PRIVMSG #a :hello
      carl< $ 404 carl #a :Cannot send to channel
      carl> NICK karl
      alice< ~carl NICK :karl
      carl< ~carl NICK :karl
      carl> PRIVMSG #a :hello
      alice< :karl!~carl@carl.host PRIVMSG #a :hello
      alice> MODE #a -b *!*@bob.HOST
      alice< ~alice MODE #a -b *!*@BOB.host
      carl< ~alice MODE #a -b *!*@BOB.host`,
  },
  {
    name: "lists of masks have an end",
    options: { limits: { masksMax: 2 } },
    script: `${OPEN("alice", "#a")}
      alice> MODE #a +bbe a b c
      alice< $ 478 alice #a e :Channel list is full
      alice< ~alice MODE #a +bb a!*@* b!*@*
      alice> MODE #a +I d
      alice< $ 478 alice #a I :Channel list is full
      alice> MODE #a +b a`,
  },
  {
    name: "only members speak (+n), only some (+m), or everybody",
    script: `${MEET()}
      carl> PRIVMSG #a :hello
      carl< $ 404 carl #a :Cannot send to channel
      alice> MODE #a -n+m
      alice< ~alice MODE #a -n+m
      bob< ~alice MODE #a -n+m
      carl> PRIVMSG #a :hello
      carl< $ 404 carl #a :Cannot send to channel
      bob> PRIVMSG #a :hello
      bob< $ 404 bob #a :Cannot send to channel
      bob> NOTICE #a :hello
      alice> MODE #a +v bob
      alice< ~alice MODE #a +v bob
      bob< ~alice MODE #a +v bob
      bob> PRIVMSG #a :hello
      alice< ~bob PRIVMSG #a :hello
      alice> MODE #a -m
      alice< ~alice MODE #a -m
      bob< ~alice MODE #a -m
      carl> PRIVMSG #a :hello
      alice< ~carl PRIVMSG #a :hello
      bob< ~carl PRIVMSG #a :hello`,
  },
  {
    name: "user modes are one's own",
    script: `
      alice> MODE alice
      alice< $ 221 alice +
      alice> MODE alice +iwo
      alice< ~alice MODE alice :+iw
      alice> MODE alice
      alice< $ 221 alice +iw
      alice> MODE alice +x-i
      alice< $ 501 alice :Unknown MODE flag
      alice< ~alice MODE alice :-i
      alice> MODE alice -i
      bob> MODE alice
      bob< $ 502 bob :Cannot change mode for other users
      bob> MODE nobody
      bob< $ 401 bob nobody :No such nick/channel`,
  },
];
