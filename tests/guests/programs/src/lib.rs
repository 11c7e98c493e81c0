//! Empty: the programs are this package's examples, one component each. `guests` compiles them and hands out bytes.
