import { selectorContract } from "./selector-contract.js";

selectorContract("epoll");
