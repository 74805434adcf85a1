/** How one comes in, and what the server says of itself. */
import type { Case } from "./case.js";

const WELCOME = (nick: string, users: number, name = nick): string => `
  ${name}< $ 001 ${nick} :Welcome to the TestNet Network, ${nick}!~u@${name}.host
  ${name}< $ 002 ${nick} :Your host is chat.test, running version socket-reactor-chat-1
  ${name}< $ 003 ${nick} :This server was created Sat, 31 Jan 2026 12:00:00 GMT
  ${name}< $ 004 ${nick} chat.test socket-reactor-chat-1 iow Ibeiklmnostv Ibeklov
${SUPPORT(nick, name)}
  ${name}< $ 251 ${nick} :There are ${users} users and 0 invisible on 1 servers
  ${name}< $ 252 ${nick} 0 :operator(s) online
  ${name}< $ 253 ${nick} 0 :unknown connection(s)
  ${name}< $ 254 ${nick} 0 :channels formed
  ${name}< $ 255 ${nick} :I have ${users} clients and 0 servers
  ${name}< $ 265 ${nick} ${users} ${users} :Current local users ${users}, max ${users}
  ${name}< $ 266 ${nick} ${users} ${users} :Current global users ${users}, max ${users}
  ${name}< $ 422 ${nick} :MOTD File is missing
`;

const SUPPORT = (nick: string, name = nick): string =>
  `  ${name}< $ 005 ${nick} NETWORK=TestNet CASEMAPPING=ascii CHANTYPES=# CHANMODES=Ibe,k,l,imnst PREFIX=(ov)@+ MODES=4 MAXLIST=Ibe:100 EXCEPTS=e INVEX=I CHANLIMIT=#:50 NICKLEN=30 USERLEN=13 :are supported by this server
  ${name}< $ 005 ${nick} CHANNELLEN=50 TOPICLEN=390 KICKLEN=200 AWAYLEN=200 KEYLEN=32 ELIST=CMNTU SAFELIST UTF8ONLY TARGMAX=JOIN:,PART:,KICK:4,LIST:4,NAMES:4,NOTICE:4,PRIVMSG:4,WHOIS:4 :are supported by this server`;

export const registrationCases: readonly Case[] = [
  {
    name: "NICK and USER register, in this order",
    script: `
      new1> NICK bob
      new1> USER u 0 * :Bob
      ${WELCOME("bob", 1, "new1")}`,
  },
  {
    name: "USER and NICK register, in this order, and the motd is shown",
    options: { motd: ["Be kind.", ""] },
    script: `
      new1> USER u 0 * :Bob
      new1> NICK bob
      ${WELCOME("bob", 1, "new1").replace(/ {2}new1< \$ 422.*\n/, "")}
      new1< $ 375 bob :- chat.test Message of the day - 
      new1< $ 372 bob :- Be kind.
      new1< $ 372 bob :- 
      new1< $ 376 bob :End of /MOTD command.
      new1> MOTD
      new1< $ 375 bob :- chat.test Message of the day - 
      new1< $ 372 bob :- Be kind.
      new1< $ 372 bob :- 
      new1< $ 376 bob :End of /MOTD command.`,
  },
  {
    name: "what irssi sends registers after CAP END, and JOIN : is refused",
    script: `
      new1> CAP LS 302
      new1< $ CAP * LS :batch cap-notify echo-message multi-prefix server-time
      new1> JOIN :
      new1< $ 451 * :You have not registered
      new1> CAP REQ :multi-prefix server-time
      new1< $ CAP * ACK :multi-prefix server-time
      new1> NICK bob
      new1> USER u u 127.0.0.1 :x
      new1> CAP END
      ${WELCOME("bob", 1, "new1")}
      new1> CAP LIST
      new1< $ CAP bob LIST :cap-notify multi-prefix server-time
      new1> CAP REQ :-multi-prefix
      new1< $ CAP bob ACK :-multi-prefix
      new1> CAP REQ :-cap-notify
      new1< $ CAP bob NAK :-cap-notify
      new1> CAP LIST
      new1< $ CAP bob LIST :cap-notify server-time`,
  },
  {
    name: "a form that a web page sends is not read as far as its text",
    script: `
      new1> POST / HTTP/1.1
      new1< ERROR :Closing Link: new1.host (HTTP is not spoken here)
      new1> NICK mallory
      new1> USER u 0 * :HTTP/1.1
      new2> NICK bob
      new2> USER u 0 * :HTTP/1.1
      ${WELCOME("bob", 1, "new2")}`,
  },
  {
    name: "CAP refuses what it does not know, as a whole",
    script: `
      new1> CAP REQ :batch sasl
      new1< $ CAP * NAK :batch sasl
      new1> CAP LIST
      new1< $ CAP * LIST :
      new1> CAP FROB
      new1< $ 410 * FROB :Invalid CAP command
      new1> CAP
      new1< $ 461 * CAP :Not enough parameters`,
  },
  {
    name: "a person at a bare socket enters with NICK and JOIN",
    script: `
      new1> hello?
      new1< $ 451 * :You have not registered
      new1< $ NOTICE * :To enter by hand: NICK yourname, then JOIN #room, then PRIVMSG #room :hello
      new1> 
      new1> JOIN #a
      new1< $ 451 * :You have not registered
      new1> NICK u
      new1> JOIN a
      new1< $ 451 u :You have not registered
      new1> JOIN #a
      ${WELCOME("u", 1, "new1")}
      new1< :u!~u@new1.host JOIN #a
      new1< $ 353 u = #a :@u
      new1< $ 366 u #a :End of /NAMES list
      new1> USER u 0 * :u
      new1< $ 462 u :You may not reregister`,
  },
  {
    name: "an empty line of a stranger is answered with a hint, once",
    script: `
      new1> 
      new1< $ NOTICE * :To enter by hand: NICK yourname, then JOIN #room, then PRIVMSG #room :hello
      new1> 
      new1> :prefix
      alice> `,
  },
  {
    name: "nicknames are checked",
    script: `
      alice> NICK
      alice< $ 431 alice :No nickname given
      alice> NICK :
      alice< $ 431 alice :No nickname given
      alice> NICK 1abc
      alice< $ 432 alice 1abc :Erroneous nickname
      alice> NICK :a b
      alice< $ 432 alice * :Erroneous nickname
      alice> NICK :a!b
      alice< $ 432 alice a!b :Erroneous nickname
      alice> NICK Guest-abc-1
      alice< $ 432 alice Guest-abc-1 :Erroneous nickname
      alice> NICK NickServ
      alice< $ 432 alice NickServ :Erroneous nickname
      alice> NICK aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
      alice< $ 432 alice aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa :Erroneous nickname
      bob> NICK Alice
      bob< $ 433 bob Alice :Nickname is already in use
      bob> NICK ＡＬＩＣＥ
      bob< $ 433 bob ＡＬＩＣＥ :Nickname is already in use
      bob> NICK bob
      bob> NICK Bob
      bob< ~bob NICK :Bob
      bob> NICK Žofie
      bob< :Bob!~bob@bob.host NICK :Žofie
      alice> NICK žofie
      alice< $ 433 alice žofie :Nickname is already in use
      new1> NICK alice
      new1< $ 433 * alice :Nickname is already in use`,
  },
  {
    name: "a nickname that just left is free, and one that was taken on the way is not",
    script: `
      new1> NICK carl
      carl> QUIT
      carl< ERROR :Closing Link: carl.host (Client quit)
      new2> NICK carl
      new2> USER u 0 * :x
      ${WELCOME("carl", 1, "new2").replace("253 carl 0", "253 carl 1")}
      new1> USER u 0 * :x
      new1< $ 433 * carl :Nickname is already in use
      new1> USER u 0 * :x
      new1< $ 462 * :You may not reregister`,
  },
  {
    name: "USER needs all its parameters",
    script: `
      new1> USER u 0 *
      new1< $ 461 * USER :Not enough parameters
      new1> USER
      new1< $ 461 * USER :Not enough parameters
      new1> PASS
      new1< $ 461 * PASS :Not enough parameters
      alice> PASS x
      alice< $ 462 alice :You may not reregister`,
  },
  {
    name: "a wrong password ends it",
    options: { password: "open sesame" },
    script: `
      new1> PASS x
      new1> NICK bob
      new1> USER u 0 * :x
      new1< $ 464 bob :Password incorrect
      new1< ERROR :Closing Link: new1.host (Password incorrect)
      new1> NICK again`,
  },
  {
    name: "the right password opens",
    options: { password: "open sesame" },
    script: `
      new1> PASS :open sesame
      new1> NICK bob
      new1> USER u 0 * :x
      ${WELCOME("bob", 1, "new1")}`,
  },
  {
    name: "a server that is full says so",
    options: { limits: { usersMax: 1 } },
    script: `
      alice> PING x
      alice< $ PONG chat.test :x
      new1> NICK bob
      new1> USER u 0 * :x
      new1< ERROR :Closing Link: new1.host (Server is full)`,
  },
  {
    name: "PING is answered at any time, PONG and ERROR are not",
    script: `
      new1> PING :a b
      new1< $ PONG chat.test :a b
      new1> PONG x
      new1> ERROR x
      alice> PING
      alice< $ 409 alice :No origin specified
      alice> PONG x`,
  },
  {
    name: "commands are in any case, and unknown ones are named",
    script: `
      alice> ping x
      alice< $ PONG chat.test :x
      alice> FROB x
      alice< $ 421 alice FROB :Unknown command
      alice> constructor
      alice< $ 421 alice CONSTRUCTOR :Unknown command
      new1> NOTICE alice :hi`,
  },
  {
    name: "QUIT is told to those who share a room, once",
    script: `
      alice> JOIN #a,#b
      alice< ~alice JOIN #a
      alice< $ 353 alice = #a :@alice
      alice< $ 366 alice #a :End of /NAMES list
      alice< ~alice JOIN #b
      alice< $ 353 alice = #b :@alice
      alice< $ 366 alice #b :End of /NAMES list
      bob> JOIN #a,#b
      alice< ~bob JOIN #a
      alice< ~bob JOIN #b
      bob< ~bob JOIN #a
      bob< $ 353 bob = #a :@alice bob
      bob< $ 366 bob #a :End of /NAMES list
      bob< ~bob JOIN #b
      bob< $ 353 bob = #b :@alice bob
      bob< $ 366 bob #b :End of /NAMES list
      carl> NICK karl
      carl< ~carl NICK :karl
      bob> NICK rob
      alice< ~bob NICK :rob
      bob< ~bob NICK :rob
      bob> QUIT :to bed
      bob< ERROR :Closing Link: bob.host (Quit: to bed)
      alice< :rob!~bob@bob.host QUIT :Quit: to bed
      bob> PRIVMSG alice :I am not here`,
  },
  {
    name: "lines that are too long or hold a line end are answered, and the connection goes on",
    script: `
      alice> PRIVMSG alice :${"x".repeat(500)}
      alice< $ 417 alice :Input line was too long
      alice> PRIVMSG alice :a\u0000b
      alice< $ NOTICE alice :A line with a NUL, a CR or an LF inside was dropped
      alice> @tag=${"x".repeat(900)} PING x
      alice< $ PONG chat.test :x`,
  },
  {
    name: "the server speaks of itself",
    script: `
      alice> VERSION
      alice< $ 351 alice socket-reactor-chat-1 chat.test :A chat on socket-reactor
      ${SUPPORT("alice").trim()}
      alice> TIME
      alice< $ 391 alice chat.test :Sat, 31 Jan 2026 12:00:00 GMT
      alice> TIME other.test
      alice< $ 402 alice other.test :No such server
      alice> TIME *.test
      alice< $ 391 alice chat.test :Sat, 31 Jan 2026 12:00:00 GMT
      alice> ADMIN
      alice< $ 256 alice chat.test :Administrative info
      alice< $ 257 alice :A chat on socket-reactor
      alice< $ 258 alice :chat.test, a server of TestNet
      alice< $ 259 alice :Ask whoever started it
      alice> INFO
      alice< $ 371 alice :A chat server on socket-reactor: sockets and readiness for Node.js.
      alice< $ 371 alice :IRC clients, browsers and bare sockets meet in the same rooms.
      alice< $ 371 alice :Type HELP for the commands.
      alice< $ 371 alice :On-line since Sat, 31 Jan 2026 12:00:00 GMT
      alice< $ 374 alice :End of INFO list
      alice> LINKS
      alice< $ 364 alice chat.test chat.test :0 A chat on socket-reactor
      alice< $ 365 alice * :End of /LINKS list
      --- 93784
      alice> STATS u
      alice< $ 242 alice :Server Up 1 days 02:03:04
      alice< $ 219 alice u :End of /STATS report
      alice> STATS
      alice< $ 461 alice STATS :Not enough parameters
      alice> MOTD nowhere
      alice< $ 402 alice nowhere :No such server
      alice> LUSERS
      alice< $ 251 alice :There are 1 users and 0 invisible on 1 servers
      alice< $ 252 alice 0 :operator(s) online
      alice< $ 253 alice 0 :unknown connection(s)
      alice< $ 254 alice 0 :channels formed
      alice< $ 255 alice :I have 1 clients and 0 servers
      alice< $ 265 alice 1 1 :Current local users 1, max 1
      alice< $ 266 alice 1 1 :Current global users 1, max 1`,
  },
  {
    name: "HELP explains commands, before registration, too",
    script: `
      new1> HELP join
      new1< $ 704 * JOIN :JOIN #room[,#room] [key[,key]]
      new1< $ 705 * JOIN :Enters rooms. A room that does not exist is opened, and you are its operator.
      new1< $ 706 * JOIN :JOIN 0 leaves all rooms.
      alice> HELP nonsense
      alice< $ 524 alice nonsense :No help available on this topic
      alice> HELP :a b
      alice< $ 524 alice * :No help available on this topic`,
  },
];
