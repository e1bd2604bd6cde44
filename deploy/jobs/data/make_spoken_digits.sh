#!/bin/sh
# Makes spoken-digits/train and spoken-digits/test beside this file: the words zero to nine, spoken by espeak-ng (Debian: apt install espeak-ng).
# Voices of the test part are never heard in training. usage: make_spoken_digits.sh [FOLDER [few]]; few: a tenth as many, for a quick look.
set -eu
folder=${1:-$(dirname "$0")/spoken-digits}
command -v espeak-ng >/dev/null || { echo "espeak-ng is missing: apt install espeak-ng" >&2; exit 2; }
mkdir -p "$folder/train" "$folder/test"

speak() { # PART VOICES SPEEDS PITCHES
    for voice in $2; do for speed in $3; do for pitch in $4; do
        for word in zero one two three four five six seven eight nine; do
            espeak-ng -v "$voice" -s "$speed" -p "$pitch" -w "$folder/$1/${word}_${voice}_${speed}_${pitch}.wav" "$word"
        done
    done; done; done
}

if [ "${2:-}" = few ]; then
    speak train "en en-us" "150" "30 60"
    speak test "en+m3" "150" "45"
else
    speak train "en en-us en-gb-scotland en+m1 en+m2 en+m4 en+f1 en+f2 en-us+f4 en-us+m5" "120 150 180" "25 50 75"
    speak test "en+m3 en-us+f3 en-gb-x-rp" "130 165" "35 65"
fi
