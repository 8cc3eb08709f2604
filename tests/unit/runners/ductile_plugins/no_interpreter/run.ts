#!/usr/bin/env bun-that-is-not-here
console.log("{}")
