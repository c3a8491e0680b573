# Run by the shell of a job when it ends (micota/workflow/start.py): of a program that is killed its shell alone can tell.
# Nothing where the run itself ends: by Ctrl-C or SIGTERM, or when Snakemake is killed, with which its jobs end. (Of a
# launcher's processes the job's log tells.)
s=$?
if [ $s -gt 128 ] && [ $s -ne 130 ] && [ $s -ne 143 ] && kill -0 ${MICOTA_SNAKEMAKE%% *} 2> /dev/null; then
    case $s in
    137) why="out of memory? Lower batch_size, chunk_size, threads or --cores, or give it more memory";;
    *) why="a library crashed";;
    esac
    peak=$(cat "$MICOTA_PEAK" 2> /dev/null || true) # of the program itself, without the processes that it started
    echo "error: the job was killed by signal $((s - 128))${peak:+; its memory was $peak}: $why. Its log says how far it was" >&2
fi
rm -f "$MICOTA_PEAK"
